"""Flow tables, groups and meters of a switch, and the messages that change them (OpenFlow 1.3.5: 6.4-6.5, 7.3.4)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow.errors import RefusedError
from tests.unit.openflow.matching import Pattern, covers, pattern

Key = tuple[int, int, Pattern]


@dataclass
class Entry:
    """A flow entry, as it was sent, and when it was used last (seconds)."""

    pattern: Pattern
    sent: Any  # OFPFlowMod
    used: float

    @property
    def key(self) -> Key:
        return self.sent.table_id, self.sent.priority, self.pattern

    @cached_property
    def by_kind(self) -> dict[type, Any]:
        """Instructions by their class: there is one of each at most."""
        return {type(instruction): instruction for instruction in self.sent.instructions}

    @cached_property
    def actions(self) -> list[Any]:
        """All actions, those that are written to the action set too."""
        instructions = self.sent.instructions
        return [action for each in instructions if isinstance(each, parser.OFPInstructionActions) for action in each.actions]

    @property
    def meter(self) -> int | None:
        instruction = self.by_kind.get(parser.OFPInstructionMeter)
        return instruction.meter_id if instruction else None


@dataclass
class Tables:
    """All that a switch holds. `removed` is told of each flow that ends, with the reason."""

    removed: Callable[[Entry, int], None]
    flows: dict[Key, Entry] = field(default_factory=dict)
    groups: dict[int, Any] = field(default_factory=dict)  # OFPGroupMod
    meters: dict[int, Any] = field(default_factory=dict)  # OFPMeterMod
    _order: dict[int, list[Entry]] = field(default_factory=dict)  # by table, highest priority first

    def clear(self) -> None:
        """Forget everything, as at a restart."""
        self.flows, self.groups, self.meters = {}, {}, {}
        self._order.clear()

    def of(self, table: int) -> list[Entry]:
        """The entries of a table, highest priority first."""
        if table not in self._order:
            entries = [entry for entry in self.flows.values() if entry.sent.table_id == table]
            self._order[table] = sorted(entries, key=lambda entry: -entry.sent.priority)
        return self._order[table]

    def flow_mod(self, sent: Any, now: float) -> None:
        """Add or delete flows."""
        if sent.buffer_id != ofp.OFP_NO_BUFFER:
            raise RefusedError(ofp.OFPET_BAD_REQUEST, ofp.OFPBRC_BUFFER_UNKNOWN)
        wanted = pattern(sent.match)
        if sent.command == ofp.OFPFC_ADD:
            self._check(sent, wanted)
            self.flows[sent.table_id, sent.priority, wanted] = Entry(wanted, sent, now)
            self._order.pop(sent.table_id, None)
        elif sent.command in (ofp.OFPFC_DELETE, ofp.OFPFC_DELETE_STRICT):
            for entry in list(self._selected(sent, wanted)):
                self.remove(entry, ofp.OFPRR_DELETE)
        else:
            raise NotImplementedError(sent)

    def remove(self, entry: Entry, reason: int) -> None:
        """A flow ends."""
        del self.flows[entry.key]
        self._order.pop(entry.sent.table_id, None)
        if entry.sent.flags & ofp.OFPFF_SEND_FLOW_REM:
            self.removed(entry, reason)

    def group_mod(self, sent: Any) -> None:
        """Add, modify or delete a group; with it go the flows that use it."""
        if sent.command == ofp.OFPGC_DELETE:
            for number in list(self.groups) if sent.group_id == ofp.OFPG_ALL else [sent.group_id]:
                self.groups.pop(number, None)
                users = [entry for entry in self.flows.values() if _uses_group(entry.actions, number)]
                self._remove_all(users, ofp.OFPRR_GROUP_DELETE)
            return
        if sent.command == ofp.OFPGC_ADD and sent.group_id in self.groups:
            raise RefusedError(ofp.OFPET_GROUP_MOD_FAILED, ofp.OFPGMFC_GROUP_EXISTS)
        if sent.command == ofp.OFPGC_MODIFY and sent.group_id not in self.groups:
            raise RefusedError(ofp.OFPET_GROUP_MOD_FAILED, ofp.OFPGMFC_UNKNOWN_GROUP)
        if sent.group_id > ofp.OFPG_MAX:
            raise RefusedError(ofp.OFPET_GROUP_MOD_FAILED, ofp.OFPGMFC_INVALID_GROUP)
        for bucket in sent.buckets:
            self._check_actions(bucket.actions, tagged=False)
        self.groups[sent.group_id] = sent

    def meter_mod(self, sent: Any) -> None:
        """Add, modify or delete a meter; with it go the flows that use it."""
        if sent.command == ofp.OFPMC_DELETE:
            for number in list(self.meters) if sent.meter_id == ofp.OFPM_ALL else [sent.meter_id]:
                self.meters.pop(number, None)
                self._remove_all([entry for entry in self.flows.values() if entry.meter == number], ofp.OFPRR_DELETE)
            return
        if sent.command == ofp.OFPMC_ADD and sent.meter_id in self.meters:
            raise RefusedError(ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_METER_EXISTS)
        if sent.command == ofp.OFPMC_MODIFY and sent.meter_id not in self.meters:
            raise RefusedError(ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_UNKNOWN_METER)
        if not 0 < sent.meter_id <= ofp.OFPM_MAX and sent.meter_id not in (ofp.OFPM_SLOWPATH, ofp.OFPM_CONTROLLER):
            raise RefusedError(ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_INVALID_METER)
        self.meters[sent.meter_id] = sent

    def _remove_all(self, entries: list[Entry], reason: int) -> None:
        for entry in entries:
            self.remove(entry, reason)

    def _selected(self, sent: Any, wanted: Pattern) -> Iterator[Entry]:
        """The flows that a deletion means."""
        strict = sent.command == ofp.OFPFC_DELETE_STRICT
        for entry in self.flows.values():
            if sent.table_id not in (entry.sent.table_id, ofp.OFPTT_ALL) or (entry.sent.cookie ^ sent.cookie) & sent.cookie_mask:
                continue
            if sent.out_port != ofp.OFPP_ANY and not any(
                getattr(action, "port", None) == sent.out_port for action in entry.actions
            ):
                continue
            if sent.out_group != ofp.OFPG_ANY and not _uses_group(entry.actions, sent.out_group):
                continue
            same = entry.pattern == wanted and entry.sent.priority == sent.priority
            if same if strict else covers(wanted, entry.pattern):
                yield entry

    def _check(self, sent: Any, wanted: Pattern) -> None:
        """Refuse a flow that cannot work."""
        if sent.table_id > ofp.OFPTT_MAX:
            raise RefusedError(ofp.OFPET_FLOW_MOD_FAILED, ofp.OFPFMFC_BAD_TABLE_ID)
        tagged = any(name == "vlan_vid" and number & ofp.OFPVID_PRESENT for name, number, _ in wanted)
        for instruction in sent.instructions:
            match instruction:
                case parser.OFPInstructionGotoTable(table_id=table) if table <= sent.table_id:
                    raise RefusedError(ofp.OFPET_BAD_INSTRUCTION, ofp.OFPBIC_BAD_TABLE_ID)
                case parser.OFPInstructionMeter(meter_id=meter) if meter not in self.meters:
                    raise RefusedError(ofp.OFPET_METER_MOD_FAILED, ofp.OFPMMFC_UNKNOWN_METER)
                case parser.OFPInstructionActions(actions=actions):
                    self._check_actions(actions, tagged=tagged)

    def _check_actions(self, actions: list[Any], *, tagged: bool) -> None:
        tags = int(tagged)
        for action in actions:
            match action:
                case parser.OFPActionOutput(port=0 | ofp.OFPP_ANY):
                    raise RefusedError(ofp.OFPET_BAD_ACTION, ofp.OFPBAC_BAD_OUT_PORT)
                case parser.OFPActionGroup(group_id=group) if group not in self.groups:
                    raise RefusedError(ofp.OFPET_BAD_ACTION, ofp.OFPBAC_BAD_OUT_GROUP)
                case parser.OFPActionPushVlan():
                    tags += 1
                case parser.OFPActionPopVlan():
                    tags -= 1
                case parser.OFPActionSetField(key="vlan_vid", value=vlan) if not tags or not vlan & ofp.OFPVID_PRESENT:
                    raise RefusedError(ofp.OFPET_BAD_ACTION, ofp.OFPBAC_MATCH_INCONSISTENT)
            if tags < 0:
                raise RefusedError(ofp.OFPET_BAD_ACTION, ofp.OFPBAC_MATCH_INCONSISTENT)


def _uses_group(actions: list[Any], number: int) -> bool:
    return any(isinstance(action, parser.OFPActionGroup) and action.group_id == number for action in actions)
