"""What a user's Dockerfile says and may do; pure. The rules are those of the classic builder of moby 20.10."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, takewhile

from datacenter.errors import DockerfileRefused

BLANKS = re.compile(r"[\t\v\f\r ]+")
CONTINUED = re.compile(r"\\[ \t]*$")
ESCAPE = re.compile(r"\s*#\s*escape\s*=\s*[^\\\s]", re.IGNORECASE)
# github.com/distribution/reference: [host[:port]/]path[:tag][@digest]
REFERENCE = re.compile(r"[a-z0-9][a-z0-9._/-]*(:[0-9]+/[a-z0-9._/-]+)?(:\w[\w.-]{0,127})?(@sha256:[0-9a-f]{64})?", re.ASCII)
STAGE = re.compile(r"[a-z][a-z0-9_.-]*", re.IGNORECASE)
VARIABLE = re.compile(r"\$(?:(\w+)|\{(\w+)(?::([-+])([^{}]*))?\})", re.ASCII)
SCRATCH = "scratch"  # the empty image
WORDS = {
    "ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "FROM", "HEALTHCHECK", "LABEL", "MAINTAINER", "RUN", "SHELL",
    "STOPSIGNAL", "USER", "VOLUME", "WORKDIR",
}  # fmt: skip
NOT_AVAILABLE = {
    "ADD": "there is no file beside the Dockerfile, and an address would be fetched by the host; use RUN curl",
    "ONBUILD": "nothing is built on this image",
}


@dataclass(frozen=True)
class Dockerfile:
    """A Dockerfile as the engine gets it: `text` says the same as the user's, line by line, in a way that can be read in
    one way only; `images` are the references of images that it takes from outside."""

    text: str
    images: tuple[str, ...]

    def labelled(self, layers: Mapping[str, str], image: Mapping[str, str]) -> str:
        """The text with labels for the images of all its steps, after each FROM, and for the last one, at its end."""
        return f"{with_labels(self.text, layers)}LABEL {_words(image)}\n"

    def line(self, labelled: int) -> int:
        """Number of the user's line that is the labelled text's line of this number."""
        counted = accumulate(1 + _is_from(line) for line in self._lines)
        return 1 + sum(number < labelled for number in counted)

    @property
    def _lines(self) -> list[str]:
        return self.text.rstrip("\n").split("\n")


def parse(text: str) -> Dockerfile:
    """The Dockerfile; raises DockerfileRefused for what is none, and for what reaches out of the project's network."""
    reader = _Reader()
    lines: dict[int, str] = {number: reader.read(number, line) for number, line in _instructions(text)}
    if not lines:
        raise DockerfileRefused("The Dockerfile is empty; its first instruction must be FROM.")
    if not reader.stages:
        raise DockerfileRefused("The Dockerfile has no FROM, which must be its first instruction.")
    return Dockerfile("\n".join(lines.get(number, "") for number in range(1, max(lines) + 1)) + "\n", tuple(reader.images))


def with_labels(text: str, labels: Mapping[str, str]) -> str:
    """The text with the labels after each FROM, so that the images of all steps carry them."""
    label = f"\nLABEL {_words(labels)}"
    return "\n".join(line + label * _is_from(line) for line in text.rstrip("\n").split("\n")) + "\n"


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Each instruction with the number of its first line, continued lines joined, comments and empty lines left out."""
    started, joined = 0, ""
    for number, raw in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        line = raw.removesuffix("\r")
        if not started and ESCAPE.match(line):
            raise DockerfileRefused(f"Line {number}: the directive escape is not available; continue lines with a backslash.")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        started = started or number
        joined += CONTINUED.sub("", line)
        if not CONTINUED.search(line):
            yield started, joined.strip()
            started, joined = 0, ""
    if joined.strip():
        yield started, joined.strip()


class _Reader:
    """Reads instructions one after the other, and remembers what later ones refer to."""

    def __init__(self) -> None:
        self.stages: list[str] = []
        self.images: list[str] = []
        self._arguments: dict[str, str] = {}

    def read(self, number: int, line: str) -> str:
        """The instruction as the engine gets it."""
        try:
            return _one_line(self._instruction(line))
        except ValueError as error:
            raise DockerfileRefused(f"Line {number}: {error}.") from error

    def _instruction(self, line: str) -> str:
        word, _, rest = BLANKS.sub(" ", line, count=1).partition(" ")
        word = word.upper()
        _check_word(word, rest)
        if word == "FROM":
            return self._from(rest)
        if word == "ARG" and not self.stages:
            self._argument(rest)
        elif not self.stages:
            raise ValueError(f"{word} comes before FROM, which must be the first instruction")
        if word == "COPY":
            self._copy(rest)
        return f"{word} {rest}"

    def _from(self, rest: str) -> str:
        words = [word for word in BLANKS.split(rest) if not word.startswith("--platform=")]
        if len(words) not in (1, 3) or (len(words) == 3 and words[1].upper() != "AS"):
            raise ValueError("FROM needs an image, or an image AS a name")
        image, name = self._expanded(words[0]), words[2].lower() if len(words) == 3 else ""
        if name and not STAGE.fullmatch(name):
            raise ValueError(f"{name[:63]!r} is no name of a stage; it begins with a letter")
        if image.lower() in self.stages and image:
            image = image.lower()
        else:
            self._take(image)
        self.stages.append(name)
        return f"FROM {image}" + (f" AS {name}" if name else "")

    def _copy(self, rest: str) -> None:
        flags = list(takewhile(lambda word: word.startswith("--"), BLANKS.split(rest)))
        for flag in flags:
            if re.search(r"[\\\"'$]|[^!-~]", flag):  # the builder takes some bytes of UTF-8 for blanks
                raise ValueError(f"COPY {flag[:63]} has quotes, backslashes, variables or letters that options must not have")
            source = flag.removeprefix("--from=")
            if source == flag or self._is_stage(source):
                continue
            self._take(source)
        if rest.count("--from") > sum(flag.count("--from") for flag in flags):
            raise ValueError("COPY has --from behind what it copies, or behind a blank that is none")

    def _is_stage(self, source: str) -> bool:
        """Whether the builder finds a stage by this; not the one it is in, whose name is an image's to it."""
        finished = self.stages[:-1]
        return source.lower() in filter(None, finished) or source in map(str, range(len(self.stages)))

    def _take(self, image: str) -> None:
        if image == SCRATCH:
            return
        if not REFERENCE.fullmatch(image):
            raise ValueError(f"{image[:128]!r} is no reference of an image")
        self.images.append(image)

    def _argument(self, rest: str) -> None:
        name, given, value = rest.partition("=")
        if given:
            self._arguments[name.strip()] = self._expanded(value.strip().strip("\"'"))

    def _expanded(self, text: str) -> str:
        """With the values of the ARGs that stand before the first FROM, by the rules of a shell."""

        def value(found: re.Match[str]) -> str:
            known, (sign, word) = self._arguments.get(found[1] or found[2], ""), (found[3], found[4])
            if sign == "+":
                return word if known else ""
            return known or (word if sign == "-" else "")

        return VARIABLE.sub(value, text)


def _is_from(line: str) -> bool:
    return line.startswith("FROM ")


def _words(labels: Mapping[str, str]) -> str:
    return " ".join(f"{key}={value}" for key, value in labels.items())


def _one_line(instruction: str) -> str:
    if CONTINUED.search(instruction):
        raise ValueError("there is a backslash at the end, and nothing that it continues")
    return instruction


def _check_word(word: str, rest: str) -> None:
    if word in NOT_AVAILABLE:
        raise ValueError(f"{word} is not available: {NOT_AVAILABLE[word]}")
    if word not in WORDS:
        raise ValueError(f"unknown instruction {word[:32]}")
    if not rest:
        raise ValueError(f"{word} needs an argument")
