"""Queues at locks, and who probably holds them.

Go does not record a mutex's holder. It is a goroutine that is inside the critical section and does not wait for this
lock: the pointers of the lock's owner prove the object, the code position (past the Lock call of the function where
the others queue) the section; of several, the one that has waited longest elsewhere is the likeliest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Literal, TypeAlias

import msgspec

from kwhy.facts.goroutines import Frame, Goroutine, GoroutineGroup, LockWait
from kwhy.knowledge.waits.wait import is_idle, locking_frame, wait_of

#: A lock this many bytes or less behind its owner's address is taken for a field of the owner.
LARGEST_OWNER = 4096
#: Minutes by which a holder may seem to wait shorter than its queue: figures are whole minutes, stamped by collections.
STAMP_SLACK = 1

#: Queues whose holders are looked for, the largest first, and groups looked at for each type of owner: a process with
#: more of either is not explained by one more.
QUEUES_EXPLAINED, CANDIDATES = 200, 200

Flow: TypeAlias = Literal["hang", "moving", "unknown"]


class Proof(IntEnum):
    """What ties a holder to its lock, weakest first."""

    SAME_TYPE = 1
    USES_OBJECT = 2
    SAME_OBJECT = 3
    CODE_POSITION = 4
    OBJECT_AND_POSITION = 5

    @property
    def words(self) -> str:
        return {
            Proof.SAME_TYPE: "runs a method of the same type and does not wait for the lock",
            Proof.USES_OBJECT: "was passed the object that owns the lock (equal pointers) and does not wait for it",
            Proof.SAME_OBJECT: "runs a method of the very object that owns the lock (equal pointers)",
            Proof.CODE_POSITION: "stands past the Lock call in the function where the others wait",
            Proof.OBJECT_AND_POSITION: "stands past the Lock call, on the object that owns the lock (equal pointers)",
        }[self]

    @property
    def by_pointer(self) -> bool:
        return self in {Proof.USES_OBJECT, Proof.SAME_OBJECT, Proof.OBJECT_AND_POSITION}


class Holder(msgspec.Struct, frozen=True):
    """A goroutine group that probably holds a lock. ``frame`` is the index of the frame in the critical section.

    ``goroutine`` is the example whose pointers match, else the one that waited longest; None in nameless scraps.
    """

    group: GoroutineGroup
    proof: Proof
    frame: int
    goroutine: Goroutine | None

    @property
    def at_least_minutes(self) -> int | None:
        return self.goroutine.minutes if self.goroutine is not None else self.group.longest_minutes

    @property
    def inside(self) -> tuple[Frame, ...]:
        """What it does inside the critical section: the frames from the lock's function inwards."""
        return tuple(reversed(self.group.frames[: self.frame + 1]))


class LockQueue(msgspec.Struct, frozen=True):
    """Goroutines of one process that wait for the same lock.

    ``lock`` is its address, None where the dump prints none (then all waiters in methods of one type are one queue).
    ``owners`` are the functions that wait to lock it, ``oldest_minutes`` and ``newest_minutes`` bound the waits with a
    figure; ``without_minutes`` have none. ``holders`` are ranked, the
    likeliest first; they are looked for in the QUEUES_EXPLAINED largest queues only.
    """

    lock: int | None
    owners: tuple[Frame, ...]
    waiters: int
    oldest_minutes: int | None
    newest_minutes: int | None
    without_minutes: int
    oldest_id: int | None
    groups: tuple[GoroutineGroup, ...]
    holders: tuple[Holder, ...]

    @property
    def holder(self) -> Holder | None:
        return self.holders[0] if self.holders else None

    @property
    def flow(self) -> Flow:
        """Hang or convoy, as far as one dump tells; a second dump after 10 s tells for certain (:func:`still_there`).

        "hang": the holder has waited elsewhere since the oldest waiter came, for minutes. "moving": the holder runs.
        """
        holder = self.holder
        if holder is None:
            return "unknown"
        if holder.group.state in {"running", "runnable"}:
            return "moving"
        held, oldest = holder.at_least_minutes, self.oldest_minutes
        if held is not None and held >= 2 and (oldest is None or held + STAMP_SLACK >= oldest):
            return "hang"
        return "unknown"


def lock_queues(groups: Sequence[GoroutineGroup]) -> tuple[LockQueue, ...]:
    """All queues at mutexes and RWMutexes of one process, the longest first. Pass the groups of one process only."""
    queues = _queues(groups)
    index = _Index.of(groups) if queues else _Index({}, {})
    nothing = _Index({}, {})
    by_size = sorted(queues.values(), key=_size)
    built = [_queue(waits, index if rank < QUEUES_EXPLAINED else nothing) for rank, waits in enumerate(by_size)]
    return tuple(built)


def _size(waits: _Waits) -> tuple[int, int]:
    return -sum(wait.count for _, wait in waits), -max(wait.longest_minutes or 0 for _, wait in waits)


_TypeKey: TypeAlias = tuple[str, str]


class _Index(msgspec.Struct, frozen=True):
    """The groups by the types whose methods they run, and by the addresses that they were passed."""

    by_type: dict[_TypeKey, list[GoroutineGroup]]
    by_pointer: dict[int, list[GoroutineGroup]]

    @classmethod
    def of(cls, groups: Sequence[GoroutineGroup]) -> _Index:
        index = cls({}, {})
        # Blocked elsewhere first, then the longest: of many candidates these are looked at.
        for group in sorted(groups, key=lambda group: (bool(group.locks), -(group.longest_minutes or 0))):
            for key in {_type_key(frame) for frame in group.frames}:
                index.by_type.setdefault(key, []).append(group)
            if group.locks or is_idle(group):
                continue
            for pointer in {
                pointer
                for example in group.examples
                for place in range(len(group.frames))
                for pointer in example.pointers(place)
            }:
                index.by_pointer.setdefault(pointer, []).append(group)
        return index


def _type_key(frame: Frame) -> _TypeKey:
    """What two frames share that run on the same kind of object."""
    return frame.package, frame.receiver_type or f"func {frame.name}"


_Waits: TypeAlias = list[tuple[GoroutineGroup, LockWait]]


def _queues(groups: Sequence[GoroutineGroup]) -> dict[object, _Waits]:
    """The waiters by lock. Those whose lock is not printed count to the only known lock of their type and kind."""
    known: dict[object, _Waits] = {}
    nameless: dict[object, _Waits] = {}
    locks_of_type: dict[object, set[object]] = {}
    for group in groups:
        owner = locking_frame(group)
        of_type = (_type_key(owner) if owner is not None else None, _is_read_write(group))
        for wait in group.locks:
            key = wait.lock if wait.lock is not None else (wait.owner, of_type) if wait.owner is not None else None
            if key is None:
                nameless.setdefault(of_type, []).append((group, wait))
            else:
                known.setdefault(key, []).append((group, wait))
                locks_of_type.setdefault(of_type, set()).add(key)
    for kind, waits in nameless.items():
        candidates = locks_of_type.get(kind, set())
        known.setdefault(next(iter(candidates)) if len(candidates) == 1 else kind, []).extend(waits)
    return known


def _is_read_write(group: GoroutineGroup) -> bool:
    return any(frame.package == "sync" and frame.receiver_type == "RWMutex" for frame in group.frames[:6])


def _queue(waits: list[tuple[GoroutineGroup, LockWait]], index: _Index) -> LockQueue:
    waiting = tuple(dict.fromkeys(group for group, _ in waits))
    oldest = max(waits, key=lambda pair: pair[1].longest_minutes if pair[1].longest_minutes is not None else -1)[1]
    whole = {group.shape for group in waiting if len(group.locks) == 1}
    newest = [
        group.shortest_minutes for group in waiting if group.shape in whole and group.shortest_minutes is not None
    ]
    without = sum(group.without_minutes for group in waiting if group.shape in whole)
    owners = tuple(dict.fromkeys(frame for group in waiting if (frame := locking_frame(group)) is not None))
    pointers = _Pointers.of(waits)
    queued = {id(group) for group in waiting}
    candidates = {
        id(group): group
        for key in dict.fromkeys(_type_key(owner) for owner in owners)
        for group in index.by_type.get(key, ())[:CANDIDATES]
        if id(group) not in queued
    }
    for owner in sorted(pointers.owners) if pointers.is_field else ():
        candidates |= {id(group): group for group in index.by_pointer.get(owner, ()) if id(group) not in queued}
    holders = [found for group in candidates.values() if (found := _holder(group, owners, pointers)) is not None]
    holders.sort(key=lambda holder: (-holder.proof, _state_rank(holder), -(holder.at_least_minutes or 0)))
    return LockQueue(
        lock=pointers.lock,
        owners=owners,
        waiters=sum(wait.count for _, wait in waits),
        oldest_minutes=oldest.longest_minutes,
        newest_minutes=min(newest) if newest else None,
        without_minutes=without,
        oldest_id=oldest.longest_id,
        groups=waiting,
        holders=tuple(holders),
    )


class _Pointers(msgspec.Struct, frozen=True):
    """What the waiters' pointers say about the lock: its address and the object that it is a field of.

    Where no waiter was passed an object around the lock (one lock per pod, kept in a map), ``is_field`` is false and
    equal pointers prove nothing.
    """

    lock: int | None
    owners: frozenset[int]
    is_field: bool

    @classmethod
    def of(cls, waits: Iterable[tuple[GoroutineGroup, LockWait]]) -> _Pointers:
        pairs = [(wait.lock, wait.owner) for _, wait in waits]
        lock = next((lock for lock, _ in pairs if lock is not None), None)
        owners = frozenset(owner for _, owner in pairs if owner is not None)
        if lock is None:
            return cls(None, owners, bool(owners))
        fields = frozenset(owner for owner in owners if 0 <= lock - owner < LARGEST_OWNER)
        return cls(lock, fields, bool(fields) or not owners)

    def match(self, pointer: int) -> bool:
        """Whether an argument is the object that the lock is a field of."""
        if not self.is_field:
            return False
        if self.owners:
            return pointer in self.owners
        return self.lock is not None and 0 <= self.lock - pointer < LARGEST_OWNER


def _holder(group: GoroutineGroup, owners: tuple[Frame, ...], pointers: _Pointers) -> Holder | None:
    """How the group could hold the lock, by the strongest of its frames."""
    types = {_type_key(owner) for owner in owners}
    past: int | None = None
    matches: int | None = None
    uses: int | None = None
    of_type: int | None = None
    contradicts = False
    for index, frame in enumerate(group.frames):
        position = _past_lock_call(frame, owners)
        if position is False:
            return None  # stands before the Lock call: it has yet to queue
        passed = {pointer for example in group.examples for pointer in example.pointers(index)}
        same_object = any(pointers.match(pointer) for pointer in passed)
        if _type_key(frame) in types:
            of_type = index
            past = index if position else past
            matches = index if same_object else matches
            contradicts = contradicts or (not same_object and bool(group.receivers_at(index)))
        elif same_object and pointers.owners:
            uses = index
    if pointers.is_field and contradicts and matches is None:
        return None  # the same code on another object
    is_same_object = matches is not None and pointers.is_field
    if past is not None:
        frame_index, proof = past, Proof.OBJECT_AND_POSITION if is_same_object else Proof.CODE_POSITION
    elif matches is not None and is_same_object:
        frame_index, proof = matches, Proof.SAME_OBJECT
    elif uses is not None:
        frame_index, proof = uses, Proof.USES_OBJECT
    elif of_type is not None:
        frame_index, proof = of_type, Proof.SAME_TYPE
    else:
        return None
    if proof < Proof.CODE_POSITION and (is_idle(group) or group.locks):
        return None
    shown_by = matches if matches is not None else uses
    goroutine = _matching(group, shown_by, pointers) if shown_by is not None else None
    return Holder(group, proof, frame_index, goroutine or group.longest)


def _past_lock_call(frame: Frame, owners: tuple[Frame, ...]) -> bool | None:
    """True: stands behind the place where others wait to lock; False: stands before it; None: cannot be told."""
    lines = [owner.line for owner in owners if owner.function == frame.function and owner.line is not None]
    if not lines or frame.line is None or frame.line in lines:
        return None
    return frame.line > min(lines)


def _matching(group: GoroutineGroup, index: int, pointers: _Pointers) -> Goroutine | None:
    for example in group.examples:
        if any(pointers.match(pointer) for pointer in example.pointers(index)):
            return example
    return None


def _state_rank(holder: Holder) -> int:
    """Blocked outside first: a holder that waits in the kernel or for another process explains a queue best."""
    wait = wait_of(holder.group)
    return 1 if wait is None or holder.group.locks or is_idle(holder.group) else 0


def still_there(
    before: Sequence[GoroutineGroup], after: Sequence[GoroutineGroup]
) -> tuple[tuple[GoroutineGroup, GoroutineGroup, tuple[int, ...]], ...]:
    """Groups of two dumps of one process whose very goroutines (by id) have not moved, with those ids.

    Judges by the kept examples: the longest waiter and the first of the dump, which Go prints in a stable order.
    """
    later = {group.shape: group for group in after}
    found = []
    for group in before:
        other = later.get(group.shape)
        if other is None:
            continue
        ids = {example.id for example in group.examples} & {example.id for example in other.examples}
        same = tuple(sorted(identity for identity in ids if identity is not None))
        if same:
            found.append((group, other, same))
    return tuple(found)
