/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The few kernel types that the BPF programs touch, for CO-RE: only the members used, whose offsets
 * libbpf relocates on the running kernel. Written out by hand so that a build needs no BTF on the
 * build machine.
 */
#ifndef TICKSCOPE_VMLINUX_H
#define TICKSCOPE_VMLINUX_H
/* What libbpf's headers ask for: registers have their kernel names below. */
#define __VMLINUX_H__

typedef unsigned char __u8;
typedef signed char __s8;
typedef unsigned short __u16;
typedef short __s16;
typedef unsigned int __u32;
typedef int __s32;
typedef unsigned long long __u64;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u32 __wsum;
typedef _Bool bool;
enum { false = 0, true = 1 };

/* From the kernel's user API, which CO-RE does not need to relocate. */
enum bpf_map_type {
	BPF_MAP_TYPE_HASH = 1,
	BPF_MAP_TYPE_ARRAY = 2,
	BPF_MAP_TYPE_PERCPU_ARRAY = 6,
	BPF_MAP_TYPE_RINGBUF = 27,
	BPF_MAP_TYPE_TASK_STORAGE = 29,
};

enum {
	BPF_ANY = 0,
	BPF_NOEXIST = 1,
	BPF_F_NO_PREALLOC = 1U << 0,
	BPF_F_MMAPABLE = 1U << 10,
	BPF_F_USER_STACK = 1U << 8,
	BPF_LOCAL_STORAGE_GET_F_CREATE = 1U << 0,
};

struct bpf_raw_tracepoint_args {
	__u64 args[0];
};

/* The x86-64 register file as a program's context shows it: a fixed ABI. */
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip,
		cs, flags, sp, ss;
};

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct uprobe_task {
	unsigned int depth;
};

struct thread_struct {
	unsigned long fsbase;
};

struct mm_struct {
	unsigned long start_stack;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
};

struct ns_common {
	unsigned int inum;
};

struct net {
	struct ns_common ns;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

typedef struct {
	int counter;
} atomic_t;

struct super_block {
	unsigned int s_dev;
};

struct inode {
	unsigned short i_mode;
	struct super_block *i_sb;
	unsigned long i_ino;
};

struct file {
	struct inode *f_inode;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct bpf_local_storage;

struct sock;

struct socket {
	struct file *file;
	struct sock *sk;
};

struct sk_buff_head {
	__u32 qlen;
};

struct numa_drop_counters {
	atomic_t drops0;
	atomic_t drops1;
};

struct sock_common {
	union {
		struct {
			__be32 skc_daddr;
			__be32 skc_rcv_saddr;
		};
	};
	union {
		struct {
			__be16 skc_dport;
			__u16 skc_num;
		};
	};
	unsigned short skc_family;
	unsigned char skc_reuse : 4, skc_reuseport : 1;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_protocol;
	__u16 sk_type;
	atomic_t sk_drops;
	struct numa_drop_counters *sk_drop_counters;
	struct sk_buff_head sk_receive_queue;
	struct {
		atomic_t rmem_alloc;
	} sk_backlog;
	int sk_rcvbuf;
	struct socket *sk_socket;
};

typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

struct sockaddr_un {
	char sun_path[108];
};

struct unix_address {
	refcount_t refcnt;
	int len;
	struct sockaddr_un name[0];
};

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
};

struct in_addr {
	__be32 s_addr;
};

struct ip_mreqn {
	struct in_addr imr_multiaddr;
};

struct ip_mc_socklist {
	struct ip_mreqn multi;
};

struct ipv6_mc_socklist {
	struct in6_addr addr;
};

struct ipv6_pinfo {
	struct ipv6_mc_socklist *ipv6_mc_list;
};

struct inet_sock {
	struct ipv6_pinfo *pinet6;
	struct ip_mc_socklist *mc_list;
};

struct udp_sock {
	struct sk_buff_head reader_queue;
};

struct tcp_sock {
	__u32 copied_seq;
	__u32 write_seq;
	__u32 snd_una;
	__u32 rcv_nxt;
	__u32 srtt_us;
};

struct sk_buff {
	unsigned int len;
	unsigned char *data;
};

struct signal_struct {
	atomic_t live;
};

struct linux_binprm {
	struct file *file;
};

struct sched_entity {
	__u64 nr_migrations;
};

struct task_struct {
	unsigned int __state;
	unsigned in_iowait : 1;
	int pid;
	int tgid;
	struct sched_entity se;
	struct task_struct *group_leader;
	unsigned long nivcsw;
	__u64 start_boottime;
	__u64 self_exec_id;
	int pagefault_disabled;
	struct files_struct *files;
	struct bpf_local_storage *bpf_storage;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct uprobe_task *utask;
	struct thread_struct thread;
};

#pragma clang attribute pop

#endif
