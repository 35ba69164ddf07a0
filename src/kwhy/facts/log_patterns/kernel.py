"""The Linux kernel's own trouble. Texts are of v6.x with the older forms beside them."""
# ruff: noqa: E501 - real lines and the expressions that match them are quoted whole

from __future__ import annotations

from kwhy.facts.logs import LogPattern

HUNG_TASK = LogPattern(
    "kernel.hung-task",
    "kernel",
    ("blocked for more than",),
    r"INFO: task (?P<task>.{1,40}):(?P<pid>\d{1,10}) blocked for more than (?P<seconds>\d{1,9}) seconds",
    (
        "[12345.678901] INFO: task terwayd:19246 blocked for more than 120 seconds.",
        "Nov 21 21:31:41 node-a kernel: INFO: task kworker/u8:2:1234 blocked for more than 122 seconds.",
    ),
    "kernel/hung_task.c hung_task_info (v3.10 to v6.17)",
    key=("task", "pid"),
)
HUNG_TASK_BLOCKER = LogPattern(
    "kernel.hung-task-blocker",
    "kernel",
    ("likely owned by task", "likely last held by task"),
    r"INFO: task (?P<task>.{1,40}):(?P<pid>\d{1,10}) .{0,20}?blocked on an? (?P<lock>mutex|semaphore|rw-semaphore) likely "
    r"(?:owned|last held) by task (?P<owner>.{1,40}?):(?P<owner_pid>\d{1,10})\b",
    ("[12345.678901] INFO: task cat:1002 is blocked on a mutex likely owned by task sh:999.",),
    "kernel/hung_task.c debug_show_blocker (v6.15 and later)",
    key=("pid", "owner_pid"),
)
SOFT_LOCKUP = LogPattern(
    "kernel.soft-lockup",
    "kernel",
    ("BUG: soft lockup",),
    r"BUG: soft lockup - CPU#(?P<cpu>\d{1,5}) stuck for (?P<seconds>\d{1,9})s! \[(?P<task>.{1,40}):(?P<pid>\d{1,10})\]",
    (
        "[12345.678901] watchdog: BUG: soft lockup - CPU#3 stuck for 23s! [kworker/3:1:12345]",
        "Jul 29 17:08:22 node-a kernel: NMI watchdog: BUG: soft lockup - CPU#16 stuck for 22s! [terwayd:19246]",
    ),
    "kernel/watchdog.c watchdog_timer_fn (v3.10 to v6.x)",
    key=("cpu",),
)
HARD_LOCKUP = LogPattern(
    "kernel.hard-lockup",
    "kernel",
    ("Watchdog detected hard LOCKUP",),
    r"Watchdog detected hard LOCKUP on cpu (?P<cpu>\d{1,5})",
    ("[12345.678901] watchdog: Watchdog detected hard LOCKUP on cpu 3",),
    "kernel/watchdog.c watchdog_hardlockup_check (v6.5), kernel/watchdog_hld.c before",
    key=("cpu",),
)
RCU_STALL = LogPattern(
    "kernel.rcu-stall",
    "kernel",
    ("self-detected stall on CPU", "detected stalls on CPUs/tasks", "kthread starved for"),
    r"(?P<flavour>rcu_\w{1,20}) (?:self-detected stall on CPU|detected stalls on CPUs/tasks|kthread (?:timer wakeup didn't|starved for))",
    (
        "[12345.678901] rcu: INFO: rcu_preempt self-detected stall on CPU",
        "[12345.678901] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
        "Jul 29 17:08:22 node-a kernel: INFO: rcu_sched self-detected stall on CPU { 3}  (t=60000 jiffies g=1 c=0 q=2)",
    ),
    "kernel/rcu/tree_stall.h print_cpu_stall, print_other_cpu_stall (v5.x, v6.x)",
)
OOM_INVOKED = LogPattern(
    "kernel.oom-invoked",
    "kernel",
    ("invoked oom-killer",),
    r"(?P<task>\S.{0,40}?) invoked oom-killer: gfp_mask=\S{1,120}, (?:nodemask=\S{1,60}, )?order=(?P<order>-?\d{1,3}), "
    r"oom_score_adj=(?P<adj>-?\d{1,4})",
    ("[12345.678901] ranker invoked oom-killer: gfp_mask=0xcc0(GFP_KERNEL), order=0, oom_score_adj=985",),
    "mm/oom_kill.c dump_header (v3.10 to v6.x)",
)
OOM_KILL = LogPattern(
    "kernel.oom-kill",
    "kernel",
    ("oom-kill:constraint=",),
    r"oom-kill:constraint=(?P<constraint>CONSTRAINT_\w{1,20}),nodemask=[^,\s]{1,60},cpuset=(?P<cpuset>[^,\s]{1,200}),"
    r"mems_allowed=[^,\s]{1,40},(?:oom_memcg=(?P<oom_memcg>[^,\s]{1,600}),|global_oom,)?task_memcg=(?P<task_memcg>[^,\s]{1,600}),"
    r"task=(?P<task>[^,]{1,40}),pid=(?P<pid>\d{1,10}),uid=(?P<uid>\d{1,10})",
    (
        "[12345.678901] oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=cri-containerd-1f.scope,mems_allowed=0,"
        "oom_memcg=/kubepods/burstable/podfe4cc065-cc58,task_memcg=/kubepods/burstable/podfe4cc065-cc58/1f,task=ranker,"
        "pid=4711,uid=0",
        "[12345.678901] oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,mems_allowed=0,global_oom,"
        "task_memcg=/kubepods/besteffort/pod1/2f,task=java,pid=4711,uid=1000",
    ),
    "mm/oom_kill.c dump_oom_summary, mm/memcontrol.c mem_cgroup_print_oom_context (v4.19 to v6.x)",
    key=("constraint", "task", "task_memcg"),
)
OOM_KILLED = LogPattern(
    "kernel.oom-killed",
    "kernel",
    ("ut of memory: Kill", "out of memory (oom_kill_allocating_task)"),
    r"(?P<scope>Memory cgroup out of memory|Out of memory)(?: \(oom_kill_allocating_task\))?: Kill(?:ed)? process "
    r"(?P<pid>\d{1,10}),? \(?(?:UID \d{1,10} \()?(?P<task>[^),]{1,40})\)?"
    r"(?:.{0,10}?total-vm:(?P<total_vm>\d{1,15})kB, anon-rss:(?P<anon_rss>\d{1,15})kB)?",
    (
        "[12345.678901] Memory cgroup out of memory: Killed process 4711 (ranker) total-vm:20480kB, anon-rss:12288kB, "
        "file-rss:4096kB, shmem-rss:0kB, UID:0 pgtables:56kB oom_score_adj:985",
        "[12345.678901] Out of memory: Killed process 4711 (java) total-vm:8388608kB, anon-rss:7340032kB, file-rss:0kB, "
        "shmem-rss:0kB, UID:1000 pgtables:15000kB oom_score_adj:0",
        "Jul 29 17:08:22 node-a kernel: Memory cgroup out of memory: Kill process 4711 (java) score 1985 or sacrifice child",
    ),
    "mm/oom_kill.c __oom_kill_process (v5.x, v6.x), oom_kill_process (v3.10)",
    key=("scope", "task"),
)
UNREGISTER_NETDEVICE = LogPattern(
    "kernel.unregister-netdevice",
    "kernel",
    ("unregister_netdevice: waiting for",),
    r"unregister_netdevice: waiting for (?P<device>\S{1,20}) to become free\. Usage count = (?P<count>-?\d{1,10})",
    ("[12345.678901] unregister_netdevice: waiting for lo to become free. Usage count = 1",),
    "net/core/dev.c netdev_wait_allrefs_any (v3.10 to v6.x)",
    key=("device",),
)
CONNTRACK_FULL = LogPattern(
    "kernel.conntrack-full",
    "kernel",
    ("table full, dropping packet", "table full in netns"),
    r"nf_conntrack: (?:nf_conntrack: )?table full(?: in netns (?P<netns>\d{1,20}))?, dropping packet",
    (
        "[12345.678901] nf_conntrack: nf_conntrack: table full, dropping packet",
        "[24026.415287] nf_conntrack: nf_conntrack: table full in netns 4026533206, dropping packet",
    ),
    "net/netfilter/nf_conntrack_core.c __nf_conntrack_alloc (v3.10 to v6.x; with netns recorded on v6.18)",
)
NEIGHBOUR_OVERFLOW = LogPattern(
    "kernel.neighbour-overflow",
    "kernel",
    ("eighbor table overflow", "eighbour table overflow"),
    r"(?:neighbour: (?P<table>\w{1,20}): neighbor|[Nn]eighbour) table overflow",
    (
        "[12345.678901] neighbour: arp_cache: neighbor table overflow!",
        "Jul 29 17:08:22 node-a kernel: Neighbour table overflow.",
    ),
    "net/core/neighbour.c neigh_alloc (v4.x to v6.x), neigh_create (v3.10)",
)
DEVICE_RENAMED = LogPattern(
    "kernel.device-renamed",
    "kernel",
    (": renamed from ",),
    r"\b(?P<device>[\w.@-]{1,15}): renamed from (?P<former>[\w.@-]{1,15})",
    (
        "[Sun Nov 22 06:59:21 2026] ens6: renamed from eth1",
        "[    3.141592] virtio_net virtio1 ens6: renamed from eth1",
    ),
    "net/core/dev.c dev_change_name (v3.18 to v6.x)",
    key=("device", "former"),
)
MARTIAN_SOURCE = LogPattern(
    "kernel.martian-source",
    "kernel",
    ("martian source",),
    r"martian source (?P<destination>[\d.]{7,15}) from (?P<source>[\d.]{7,15}), on dev (?P<device>\S{1,15})",
    (
        "[26063.020621] IPv4: martian source 192.168.50.11 from 192.168.50.12, on dev eth1",
        "Aug 22 11:08:21 node-a kernel: martian source 192.168.12.197 from 192.168.12.198, on dev eth1",
    ),
    "net/ipv4/route.c ip_handle_martian_source (v3.10 to v6.x), where log_martians is on",
    key=("source", "device"),
)
FS_ERROR = LogPattern(
    "kernel.fs-error",
    "kernel",
    ("EXT4-fs error", "XFS (", "BTRFS error", "BTRFS critical"),
    r"(?P<fs>EXT4)-fs error \(device (?P<device>[\w-]{1,40})\)(?P<ext4_what>.{0,300})"
    r"|(?P<xfs>XFS) \((?P<xfs_device>[\w-]{1,40})\): (?P<what>.{0,60}?(?:[Ee]rror|[Cc]orruption|[Ss]hut(?:ting)? ?down).{0,200})"
    r"|(?P<btrfs>BTRFS) (?:error|critical) \(device (?P<btrfs_device>[\w-]{1,40})[^)\n]{0,60}\)",
    (
        "[12345.678901] EXT4-fs error (device vda1): ext4_find_entry:1455: inode #2: comm kubelet: reading directory lblock 0",
        "[12345.678901] XFS (dm-0): Log I/O Error Detected.  Shutting down filesystem",
        '[12345.678901] XFS (vdb): metadata I/O error in "xfs_buf_ioend" at daddr 0x1 len 1 error 5',
    ),
    "fs/ext4/super.c __ext4_error; fs/xfs/xfs_fsops.c xfs_do_force_shutdown; fs/btrfs/messages.c (v4.x to v6.x)",
    key=("device", "xfs_device", "btrfs_device"),
)
READ_ONLY = LogPattern(
    "kernel.remounted-read-only",
    "kernel",
    ("emounting filesystem read-only",),
    r"\((?P<device>[\w-]{1,40})\)?.{0,20}?[Rr]emounting filesystem read-only",
    ("[12345.678901] EXT4-fs (vda1): Remounting filesystem read-only",),
    "fs/ext4/super.c ext4_handle_error (v3.10 to v6.x)",
    key=("device",),
)
IO_ERROR = LogPattern(
    "kernel.io-error",
    "kernel",
    ("I/O error", "critical space allocation error", "critical medium error", "critical target error"),
    r"(?P<class>I/O|critical (?:space allocation|medium|target)) error,? (?:on )?dev(?:ice)? (?P<device>[\w-]{1,40}),? (?:sector|logical block) (?P<sector>\d{1,20})",
    (
        # recorded: a thin device whose backing store is full
        "[27176.093452] critical space allocation error, dev loop1, sector 262152 op 0x1:(WRITE) flags 0x3800 phys_seg 1 prio class 2",
        "[27167.597877] Buffer I/O error on device loop1, logical block 28673",
        "[12345.678901] critical medium error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0",
        "[12345.678901] blk_update_request: I/O error, dev sda, sector 2048 op 0x0:(READ) flags 0x80700 phys_seg 1 prio class 0",
        "[12345.678901] I/O error, dev nvme0n1, sector 123456 op 0x1:(WRITE) flags 0x8800 phys_seg 1 prio class 2",
        "[12345.678901] Buffer I/O error on dev sda1, logical block 0, async page read",
    ),
    "block/blk-mq.c blk_print_req_error, block/blk-core.c blk_errors, fs/buffer.c buffer_io_error (v4.x to v6.x)",
    key=("device", "class"),
)
NVME_TIMEOUT = LogPattern(
    "kernel.nvme-timeout",
    "kernel",
    (" QID ",),
    r"nvme (?P<device>nvme\d{1,4}): I/O (?:tag )?\d{1,10} .{0,60}?QID \d{1,5} timeout, (?P<action>[\w ]{1,40})",
    (
        "[12345.678901] nvme nvme0: I/O 322 QID 3 timeout, aborting",
        "[12345.678901] nvme nvme0: I/O tag 322 (5142) opcode 0x2 (I/O Cmd) QID 3 timeout, aborting req_op:READ(0) size:4096",
    ),
    "drivers/nvme/host/pci.c nvme_timeout (v4.x to v6.x)",
    key=("device",),
)
NFS_NOT_RESPONDING = LogPattern(
    "kernel.nfs-not-responding",
    "kernel",
    (" not responding, ",),
    r"nfs: server (?P<server>\S{1,253}) not responding, (?P<action>still trying|timed out)",
    ("[  259.670000] nfs: server 10.0.0.27 not responding, still trying",),
    "net/sunrpc/clnt.c call_timeout (v3.10 to v6.x; openrisc/linux#9)",
    key=("server",),
)
NFS_OK = LogPattern(
    "kernel.nfs-ok",
    "kernel",
    ("nfs: server ",),
    r"nfs: server (?P<server>\S{1,253}) OK$",
    ("[ 3224.612015] nfs: server ease OK",),
    "net/sunrpc/clnt.c call_decode (v3.10 to v6.x; raspberrypi/linux#2482)",
    key=("server",),
)
LINK_DOWN = LogPattern(
    "kernel.link-down",
    "kernel",
    ("ink is Down", "ink is down", "Link down", "Link Down"),
    r"(?:(?P<device>[\w.@-]{1,20}):? )(?:NIC )?Link (?:is )?[Dd]own",
    (
        "[12345.678901] ixgbe 0000:01:00.0 eth0: NIC Link is Down",
        "[12345.678901] mlx5_core 0000:03:00.0 eth1: Link down",
        "[12345.678901] tg3 0000:02:00.0 eth0: Link is down",
    ),
    "drivers/net/ethernet: ixgbe_main.c, mlx5/core/en_main.c, tg3.c; drivers/net/phy/phy.c phy_print_status (v4.x to v6.x)",
    key=("device",),
)
LINK_UP = LogPattern(
    "kernel.link-up",
    "kernel",
    ("ink is Up", "ink is up", "Link up", "Link Up"),
    r"(?:(?P<device>[\w.@-]{1,20}):? )(?:NIC )?Link (?:is )?[Uu]p",
    (
        "Nov 17 13:16:56 superserver kernel: [11314.654843] ixgbe 0000:08:00.0 eth11: NIC Link is Up 10 Gbps, Flow Control: RX",
    ),
    "drivers/net/ethernet: ixgbe_main.c, mlx5/core/en_main.c, tg3.c; drivers/net/phy/phy.c phy_print_status (v4.x to v6.x; "
    "ntop/PF_RING#293)",
    key=("device",),
)
TX_TIMEOUT = LogPattern(
    "kernel.tx-timeout",
    "kernel",
    ("NETDEV WATCHDOG",),
    r"(?:(?P<new_device>[\w.@-]{1,20}): )?NETDEV WATCHDOG: (?:CPU: \d{1,5}: |(?P<device>[\w.@-]{1,20}) \([^)\n]{1,40}\): )"
    r"transmit queue (?P<queue>\d{1,5}) timed out",
    (
        "[86.090567] NETDEV WATCHDOG: eth0 (ftgmac100): transmit queue 0 timed out",
        "[ 1356.296930] r8125 0000:22:04.0 eth4: NETDEV WATCHDOG: CPU: 3: transmit queue 0 timed out 5010 ms",
    ),
    "net/sched/sch_generic.c dev_watchdog (v3.10 to v6.x; openbmc#3192)",
    key=("device", "new_device"),
)
OOPS = LogPattern(
    "kernel.oops",
    "kernel",
    ("BUG: unable to handle", "BUG: kernel NULL pointer", "general protection fault", "Oops: ", "kernel BUG at",
     "Kernel panic - not syncing"),
    r"(?P<what>BUG: unable to handle (?:kernel )?(?:NULL pointer dereference|paging request|page fault)"
    r"|BUG: kernel NULL pointer dereference|general protection fault|Oops: |kernel BUG at|Kernel panic - not syncing)(?P<detail>.{0,200})",
    (
        "[12345.678901] BUG: unable to handle kernel NULL pointer dereference at 0000000000000008",
        "[12345.678901] BUG: kernel NULL pointer dereference, address: 0000000000000008",
        "[12345.678901] Oops: 0000 [#1] SMP NOPTI",
        "[12345.678901] Kernel panic - not syncing: Fatal exception",
    ),
    "arch/x86/mm/fault.c show_fault_oops, kernel/panic.c panic (v3.10 to v6.x)",
    key=("what",),
)  # fmt: skip
HARDWARE_ERROR = LogPattern(
    "kernel.hardware-error",
    "kernel",
    ("[Hardware Error]", " CE memory ", " UE memory ", "Machine check events logged"),
    r"(?:mce: )?\[Hardware Error\]: (?:event severity: (?P<severity>\w{1,20})|(?P<what>.{0,200}))"
    r"|EDAC MC\d{1,3}: \d{1,9} (?P<kind>[CU]E) memory \w{1,20} error"
    r"|Machine check events logged",
    (
        "[12345.678901] mce: [Hardware Error]: Machine check events logged",
        "[12345.678901] EDAC MC0: 1 CE memory read error on CPU_SrcID#0_Ha#0_Chan#1_DIMM#0 (channel:1 slot:0)",
        "Feb 23 03:28:16  kernel: EDAC MC1: 1 CE memory scrubbing error on CPU_SrcID#1_Ha#0_Chan#1_DIMM#0 (channel:0 slot:0)",
        "2019-08-19T04:18:38.274661-04:00 linux-dgwd kernel: [ 261.273227] {1}[Hardware Error]: event severity: recoverable",
    ),
    "arch/x86/kernel/cpu/mce/core.c, drivers/edac/edac_mc.c edac_ue_error, drivers/acpi/apei/ghes.c __ghes_print_estatus "
    "(v4.x to v6.x; andikleen/mcelog#74)",
    key=("kind", "severity"),
)
FORK_REJECTED = LogPattern(
    "kernel.fork-rejected",
    "kernel",
    ("fork rejected by pids controller",),
    r"cgroup: fork rejected by pids controller in (?P<cgroup>\S{1,600})",
    ("[12345.678901] cgroup: fork rejected by pids controller in /kubepods/burstable/podfe4cc065/1f",),
    "kernel/cgroup/pids.c pids_can_fork (v4.8 to v6.x)",
    key=("cgroup",),
)
FILE_MAX = LogPattern(
    "kernel.file-max",
    "kernel",
    ("VFS: file-max limit",),
    r"VFS: file-max limit (?P<limit>\d{1,20}) reached",
    ("[12345.678901] VFS: file-max limit 808640 reached",),
    "fs/file_table.c alloc_empty_file (v2.6 to v6.x)",
)
SEGFAULT = LogPattern(
    "kernel.segfault",
    "kernel",
    ("]: segfault at ",),
    r"(?P<task>\S.{0,40})\[(?P<pid>\d{1,10})\]: segfault at (?P<address>[0-9a-f]{1,16}) ip",
    ("[12345.678901] ranker[4711]: segfault at 8 ip 000055d0 sp 00007ffe error 4 in ranker[55d0+1000]",),
    "arch/x86/mm/fault.c show_signal_msg (v3.10 to v6.x)",
    key=("task",),
)
BOOT = LogPattern(
    "kernel.boot",
    "kernel",
    ("Linux version ",),
    r"^Linux version (?P<release>\S{1,120}) \(",
    (
        "[    0.000000] Linux version 6.1.0-25-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14) 12.2.0) #1 SMP",
    ),
    "init/version.c linux_banner (v2.6 to v6.x): the machine booted",
)
