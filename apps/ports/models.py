"""Switch, Socket and Host: the room."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Deferrable, F, Q

from apps.projects.models import Project, network_changed

APPLIED_CHANNEL = "netmanager_socket_applied"  # the controller wrote `applied_*` of the socket whose number is the payload


class UplinkKind(models.TextChoices):
    VXLAN = "VXLAN"
    VLAN = "VLAN"


class Switch(models.Model):
    """An OpenFlow switch of the room."""

    name = models.CharField(max_length=63, unique=True)
    dpid = models.CharField(
        max_length=16, unique=True, validators=[RegexValidator(r"\A[0-9a-f]{16}\Z", "16 lower-case hexadecimal digits.")],
        help_text="Datapath id: 16 hexadecimal digits, as ovs-vsctl get bridge … datapath_id prints it.",
    )  # fmt: skip
    uplink_port = models.PositiveIntegerField(help_text="OpenFlow port towards the datacenter.")
    uplink_kind = models.CharField(max_length=5, choices=UplinkKind.choices, default=UplinkKind.VXLAN)
    tunnel_address = models.GenericIPAddressField(protocol="IPv4", null=True, blank=True, unique=True)
    trunk = models.CharField(
        max_length=15, blank=True, validators=[RegexValidator(r"\A[^\s/:]+\Z", "The name of a network interface.")],
        help_text="Kind VLAN: the NIC of the datacenter host that leads to the switch; switches may share one.",
    )  # fmt: skip
    bounce_ms = models.PositiveIntegerField(
        default=1000, help_text="How long a socket's link is down when it changes hands; 0: not."
    )
    connected_at = models.DateTimeField(null=True, blank=True)
    last_seen = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(name="switch_uplink_kind", condition=Q(uplink_kind__in=UplinkKind.values)),
            models.CheckConstraint(
                name="switch_vxlan_has_address",
                condition=Q(uplink_kind=UplinkKind.VLAN) | Q(tunnel_address__isnull=False),
            ),
            models.CheckConstraint(
                name="switch_vlan_has_trunk",
                condition=Q(uplink_kind=UplinkKind.VLAN) & ~Q(trunk="") | Q(uplink_kind=UplinkKind.VXLAN, trunk=""),
            ),
        ]
        triggers = [network_changed("dpid", "uplink_port", "uplink_kind", "bounce_ms")]
        verbose_name_plural = "switches"

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The constraints once more, with the field that is to be mended; and the way to the datacenter is no socket."""
        if self.uplink_kind == UplinkKind.VXLAN and not self.tunnel_address:
            raise ValidationError({"tunnel_address": "A VXLAN switch needs the address of its end of the tunnel."})
        if self.uplink_kind == UplinkKind.VXLAN and self.trunk:
            raise ValidationError({"trunk": "A VXLAN switch is reached by its tunnel; leave the NIC empty."})
        if self.uplink_kind == UplinkKind.VLAN and not self.trunk:
            raise ValidationError({"trunk": "A VLAN switch needs the NIC of the datacenter host that leads to it."})
        if self.pk and (socket := self.sockets.filter(of_port=self.uplink_port).first()):
            raise ValidationError({"uplink_port": f"Port {self.uplink_port} is {socket}; give that another port first."})


class Socket(models.Model):
    """A numbered RJ-45 socket; `applied_*` is what the switch has confirmed."""

    number = models.PositiveIntegerField(primary_key=True, help_text="The number printed on the socket.")
    switch = models.ForeignKey(Switch, on_delete=models.PROTECT, related_name="sockets")
    of_port = models.PositiveIntegerField(help_text="OpenFlow port of the switch.")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, null=True, blank=True, related_name="sockets")
    assigned_by = models.PositiveIntegerField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    applied_vlan = models.PositiveSmallIntegerField(null=True, blank=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    enabled = models.BooleanField(default=True)
    disabled_reason = models.CharField(max_length=32, blank=True)
    label = models.CharField(max_length=63, blank=True)
    x = models.FloatField(null=True, blank=True)
    y = models.FloatField(null=True, blank=True)

    class Meta:
        constraints = [
            # Checked at the end of a statement, so that one may let sockets change places.
            models.UniqueConstraint(name="socket_of_port", fields=["switch", "of_port"], deferrable=Deferrable.IMMEDIATE),
            models.CheckConstraint(name="socket_number_positive", condition=Q(number__gte=1)),
            models.CheckConstraint(name="socket_of_port_positive", condition=Q(of_port__gte=1)),
            models.CheckConstraint(name="socket_enabled_has_no_reason", condition=Q(enabled=False) | Q(disabled_reason="")),
        ]
        triggers = [network_changed("switch_id", "of_port", "project_id", "enabled")]

    def __str__(self) -> str:
        return f"socket {self.number}"

    def clean(self) -> None:
        """Enabling takes the reason away; the switch's way to the datacenter is no socket."""
        if self.enabled:
            self.disabled_reason = ""
        if self.switch_id and self.of_port == self.switch.uplink_port:
            raise ValidationError({"of_port": f"Port {self.of_port} of {self.switch} leads to the datacenter."})


class Host(models.Model):
    """What is plugged into a socket now."""

    mac = models.CharField(max_length=17)
    ip = models.GenericIPAddressField(protocol="IPv4", null=True, blank=True)
    hostname = models.CharField(max_length=255, blank=True)
    socket = models.ForeignKey(Socket, on_delete=models.CASCADE, related_name="hosts")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="hosts")
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(name="host_mac_in_project", fields=["project", "mac"]),
            models.CheckConstraint(name="host_seen_in_order", condition=Q(last_seen__gte=F("first_seen"))),
        ]

    def __str__(self) -> str:
        return self.mac
