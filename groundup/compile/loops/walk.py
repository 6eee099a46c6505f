"""The machine code of the team: threads that walk one table of calls together.

Every thread walks the whole table and does its own share of each call; where a row asks for it they meet at a barrier.
Who waits looks for a few microseconds at a time and lets others have the processor in between, so that it never keeps
the thread that it waits for from running; after a while it sleeps in the operating system. All that threads share are
the words of one block, laid out here.

These are plain Python functions in the words of `atoms`; `team` has them compiled and says when they run.
"""

from __future__ import annotations

from groundup.compile.loops.atoms import (
    Words,
    call_int,
    call_kernel,
    exchange,
    fetch_add,
    int64_at,
    load,
    pause,
    store,
)

# The shared block, in words of 8 bytes. What different threads write lies two cache lines apart.
LINE = 16
ARRIVED = 0 * LINE  # how many threads have come to the barrier
MEETING = 1 * LINE  # which barrier this is
JOB = 2 * LINE  # which job this is; it changes when there is work
TAKEN = 3 * LINE  # 1 while a job has the team
WORKERS = 3 * LINE + 1  # threads besides the caller's
LEAVE = 3 * LINE + 2  # 1 when the threads are to end
ENDED = 3 * LINE + 3  # threads that have
WHAT = 4 * LINE  # the job: the words of a command from TABLE to WIDTH
LOCK = 5 * LINE  # of the three words that follow
RUNS = 5 * LINE + 1  # how many runs go on
BLAS_THREADS = 5 * LINE + 2  # what BLAS's number of threads was before the first of them
SPINS = 6 * LINE  # how often a waiting thread looks before it lets others run
WAIT = 6 * LINE + 1  # addresses: sleep until somebody posts,
POST = 6 * LINE + 2  # wake who sleeps,
YIELD = 6 * LINE + 3  # let others run; 0 where the system is not known,
CLOCK = 6 * LINE + 4  # write seconds and nanoseconds; 0 where the system is not known,
CLOCK_KIND = 6 * LINE + 5  # and the number of the clock that only goes forward
GET_BLAS_THREADS = 6 * LINE + 6
SET_BLAS_THREADS = 6 * LINE + 7  # 0 if there is no such thing
TURNS = 6 * LINE + 8  # how often a thread without work looks and lets others run, before it sleeps,
TURNS_AT_A_BARRIER = 6 * LINE + 9  # and one that waits for the others
THREADS = 7 * LINE  # from here on a line for each thread:
ASLEEP = 0  # 1 if it sleeps or is about to
SEMAPHORE = 1  # what it sleeps on

# A command, the argument of `run`, in words.
SHARED = 0  # address of the shared block
ALL = 1  # 1 to run with the whole team, 0 for the calling thread alone
TABLE = 2
CALLS = 3
MEMORY = 4
NUMBERS = 5
STEPS = 6
STRIDES = 7  # 0, or address of what each address in memory gains in a step
ARRAYS = 8  # how many of those
WIDTH = 9  # numbers of a step
KIND = 10  # of the runs of the present window: 1 by the team, 0 by one thread
RUNS = 11  # how many runs of this window were counted; -1 if its first run wakes threads and does not count,
SUM = 12  # and the nanoseconds of a step in them, added up
MEANS = 13  # two words: nanoseconds of a step in the last window of one thread, and of the team; 0 before there is one
FAVOURITE = 15  # the kind that was faster
PATIENCE = 16  # windows of the favourite before the other kind is tried again,
LEFT = 17  # and how many of them are left
CLOCK_WORDS = 18  # two words for the clock to write
WORST = 20  # the longest of the runs of this window,
BEST = 21  # and the shortest
COMMAND = 22

WINDOW = 16  # runs that are judged together, or fewer if they take
LONG = 20_000_000  # nanoseconds,
FEW = 3  # but not fewer than these,
LOST = 8  # or lose the time of so many runs of the favourite, while these are short:
SHORT = 1_000_000  # nanoseconds; beside longer times it is nothing to wake a thread or to fill a cache
PATIENT = 7  # windows of a new favourite, or of one that was clearly faster,
SURPRISED = -1  # unless the one before had become slower at once
MOST_PATIENCE = 63

# A row of the table, in words. Without a kernel it ends the walk if a flag is set: before memory of the caller's is
# written, for which an index was wrong.
KERNEL = 0
ARGUMENTS = 1  # or, without a kernel, how many flags, and their places in memory
SHARE = 2  # how many threads take part
APART = 3  # how many threads need no barrier behind it: 1 if it takes one, as others would be in each other's way
ROW = 4


def wait_for_change(shared: Words, word: int, seen: int, t: int, turns: int) -> None:
    """Returns when shared[word] is no longer `seen`.

    Thread t looks for a moment, lets others have its processor, and so on for so many turns; then it sleeps until
    `announce` wakes it.
    """
    mine = THREADS + t * LINE
    while load(shared, word) == seen:
        for _ in range(turns):
            for _ in range(shared[SPINS]):
                if load(shared, word) != seen:
                    return
                pause()
            call_int(shared[YIELD], 0, 0, 0)
        exchange(shared, mine + ASLEEP, 1)
        if load(shared, word) == seen:
            call_int(shared[WAIT], shared[mine + SEMAPHORE], -1, 0)
        store(shared, mine + ASLEEP, 0)  # a post that comes after this costs one more look, the next time


def announce(shared: Words, word: int, n: int) -> None:
    """Changes shared[word] and wakes those of the n threads that sleep."""
    fetch_add(shared, word, 1)
    for u in range(n):
        asleep = THREADS + u * LINE + ASLEEP
        if load(shared, asleep) == 1:
            # In a line of its own: both sides of an `and` may be computed.
            if exchange(shared, asleep, 0) == 1:
                call_int(shared[POST], shared[THREADS + u * LINE + SEMAPHORE], 1, 0)


def barrier(shared: Words, t: int, n: int) -> None:
    """No thread goes on before all n have come."""
    if n > 1:
        meeting = load(shared, MEETING)
        if fetch_add(shared, ARRIVED, 1) == n - 1:
            store(shared, ARRIVED, 0)
            announce(shared, MEETING, n)
        else:
            wait_for_change(shared, MEETING, meeting, t, shared[TURNS_AT_A_BARRIER])


def some_flag(memory: Words, flags: Words) -> bool:
    """Whether one of these flags is set."""
    for k in range(flags[0]):
        flag = int64_at(memory[flags[1 + k]])
        if load(flag, 0) != 0:
            return True
    return False


def walk(shared: Words, what: Words, t: int, n: int) -> None:
    """The share of thread t of n in all steps of a job; `what` is its command from TABLE on."""
    table = int64_at(what[0])
    calls = what[CALLS - TABLE]
    memory = int64_at(what[MEMORY - TABLE])
    numbers = what[NUMBERS - TABLE]
    strides = what[STRIDES - TABLE]
    arrays = what[ARRAYS - TABLE]
    width = what[WIDTH - TABLE]
    for _ in range(what[STEPS - TABLE]):
        met = True
        for i in range(calls):
            row = ROW * i
            share = min(table[row + SHARE], n)
            if table[row + KERNEL] == 0:
                stops = some_flag(memory, int64_at(table[row + ARGUMENTS]))
                barrier(shared, t, n)  # nobody sets or clears a flag before all have looked
                if stops:
                    return
            elif t < share:
                call_kernel(table[row + KERNEL], what[MEMORY - TABLE], numbers, table[row + ARGUMENTS], t, share)
            met = table[row + APART] != n
            if n > 1 and met:
                barrier(shared, t, n)
        if n > 1 and not met:  # behind the last call they meet, whatever its row says
            barrier(shared, t, n)
        if strides != 0:
            if t == 0:
                gains = int64_at(strides)
                for k in range(arrays):
                    memory[k] += gains[k]
            barrier(shared, t, n)
        numbers += 8 * width


def lock(shared: Words) -> None:
    while exchange(shared, LOCK, 1) != 0:
        if shared[YIELD] != 0:
            call_int(shared[YIELD], 0, 0, 0)


def blas_alone(shared: Words) -> None:
    """From here on BLAS uses one thread, if it can be told."""
    if shared[SET_BLAS_THREADS] != 0:
        lock(shared)
        if shared[RUNS] == 0:
            shared[BLAS_THREADS] = call_int(shared[GET_BLAS_THREADS], 0, 0, 0)
            if shared[BLAS_THREADS] != 1:
                call_int(shared[SET_BLAS_THREADS], 1, 0, 0)
        shared[RUNS] += 1
        store(shared, LOCK, 0)


def blas_as_before(shared: Words) -> None:
    """BLAS has its threads again, once no run is left that needs it alone."""
    if shared[SET_BLAS_THREADS] != 0:
        lock(shared)
        shared[RUNS] -= 1
        if shared[RUNS] == 0 and shared[BLAS_THREADS] != 1:
            call_int(shared[SET_BLAS_THREADS], shared[BLAS_THREADS], 0, 0)
        store(shared, LOCK, 0)


def now(shared: Words, command: Words, command_address: int) -> int:
    """Nanoseconds of the system's clock, 0 where it has none that is known."""
    if shared[CLOCK] == 0:
        return 0
    call_int(shared[CLOCK], shared[CLOCK_KIND], command_address + 8 * CLOCK_WORDS, 0)
    return 1_000_000_000 * command[CLOCK_WORDS] + command[CLOCK_WORDS + 1]


def judge(command: Words, taken: int, kind: int) -> None:
    """Learns from a run of this kind that took so many nanoseconds a step.

    Runs come in windows of one kind. The faster kind is the favourite; the other one is tried for a window now and
    then, later and later while it loses, and at once when the favourite has become slower than it was: as the team does
    when another process has a processor. The first run of another kind does not count where runs are short: it wakes
    threads that sleep. Nor does the longest of several in a window: a machine's host may have taken a processor for as
    long as a hundred runs.
    """
    if kind == command[KIND]:  # else another run had the team
        if command[RUNS] >= 0:
            command[SUM] += taken
            command[WORST] = max(command[WORST], taken)
            command[BEST] = taken if command[RUNS] == 0 else min(command[BEST], taken)
        command[RUNS] += 1
        counted = command[RUNS]
        if counted > 0:
            is_long = counted >= FEW and command[SUM] > LONG
            if counted >= WINDOW or is_long or hopeless(command, counted, kind):
                mean = command[BEST] if counted == 1 else (command[SUM] - command[WORST]) // (counted - 1)
                command[RUNS] = 0
                command[SUM] = 0
                command[WORST] = 0
                decide(command, max(1, mean), kind)


def hopeless(command: Words, counted: int, kind: int) -> bool:
    """Whether this kind is tried, and has already lost so much time that no more runs are needed.

    Less than that it may lose and still win: its first runs find nothing in the other processors' caches. A long run
    says enough alone, and so do short ones that took as long together: the shortest of them is compared.
    """
    other = command[MEANS + 1 - kind]
    if kind == command[FAVOURITE] or other == 0:
        return False
    if counted * other > SHORT:
        return clearly_more(command[BEST], other)
    return command[SUM] - command[WORST] > (counted + LOST) * other


def clearly_more(time: int, other: int) -> bool:
    """By more than runs of one kind differ."""
    return 4 * time > 5 * other


def decide(command: Words, mean: int, kind: int) -> None:
    """Which kind the next window is of, after one of this kind."""
    command[MEANS + kind] = mean
    other = command[MEANS + 1 - kind]
    if other == 0:
        change(command, 1 - kind)
    elif kind == command[FAVOURITE]:
        command[LEFT] -= 1
        if clearly_more(mean, other):
            command[PATIENCE] = SURPRISED
            change(command, 1 - kind)
        elif command[LEFT] <= 0:
            change(command, 1 - kind)
    elif mean < other:
        command[FAVOURITE] = kind
        # Who was the favourite until something came in between is tried again soon.
        if command[PATIENCE] == SURPRISED:
            command[PATIENCE] = 0
        else:
            command[PATIENCE] = PATIENT
        command[LEFT] = command[PATIENCE]
    else:
        command[PATIENCE] = min(2 * max(0, command[PATIENCE]) + 1, MOST_PATIENCE)
        if clearly_more(mean, other):
            command[PATIENCE] = max(command[PATIENCE], PATIENT)
        command[LEFT] = command[PATIENCE]
        change(command, command[FAVOURITE])


def change(command: Words, kind: int) -> None:
    """The next window is of this kind; its first run counts where the runs of the last one were long."""
    command[RUNS] = 0 if command[MEANS + command[KIND]] > SHORT else -1
    command[KIND] = kind


def has_the_team(shared: Words, command: Words) -> bool:
    """Whether this run takes the team: it wants to, this is a window for it, and no other run has it."""
    if command[ALL] == 0:
        return False
    if shared[CLOCK] != 0:
        if command[KIND] == 0:
            return False
    return exchange(shared, TAKEN, 1) == 0


def run(command_address: int) -> int:
    """Does what a command says; how many threads the team has, or 0 if it had no part in this.

    The team serves one run at a time: others are done alone.
    """
    command = int64_at(command_address)
    shared = int64_at(command[SHARED])
    what = int64_at(command_address + 8 * TABLE)
    blas_alone(shared)
    began = 0
    if command[ALL] != 0:
        began = now(shared, command, command_address)
    n = 0
    if has_the_team(shared, command):
        n = 1 + shared[WORKERS]
        if n > 1:
            for i in range(KIND - TABLE):  # what comes after is this run's own
                shared[WHAT + i] = what[i]
            announce(shared, JOB, n)
        walk(shared, what, 0, n)
        store(shared, TAKEN, 0)
    else:
        walk(shared, what, 0, 1)
    if began != 0:
        taken = now(shared, command, command_address) - began
        judge(command, taken // max(1, command[STEPS]), 1 if n > 1 else 0)
    blas_as_before(shared)
    return n


def work(shared_address: int, t: int, seen: int) -> int:
    """The life of thread t: job after job, until it is told to leave."""
    shared = int64_at(shared_address)
    what = int64_at(shared_address + 8 * WHAT)
    while True:
        wait_for_change(shared, JOB, seen, t, shared[TURNS])
        seen += 1
        if load(shared, LEAVE) != 0:
            fetch_add(shared, ENDED, 1)
            return t
        walk(shared, what, t, 1 + shared[WORKERS])


def dismiss(shared_address: int) -> int:
    """Takes the team for good and tells its threads to leave; 0 if a job has it."""
    shared = int64_at(shared_address)
    if exchange(shared, TAKEN, 1) != 0:
        return 0
    store(shared, LEAVE, 1)
    announce(shared, JOB, 1 + shared[WORKERS])
    return 1


def spin(times: int) -> int:
    """So many pauses, to learn how long one takes."""
    for _ in range(times):
        pause()
    return times


def wake_each_other(shared_address: int, times: int, t: int, n: int) -> int:
    """So many barriers and nothing else: what one costs."""
    shared = int64_at(shared_address)
    for _ in range(times):
        barrier(shared, t, n)
    return times
