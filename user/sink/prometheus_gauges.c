/* SPDX-License-Identifier: Apache-2.0 */
/* The families of values. cpu_percent is of one CPU where it is a target's, of all CPUs where it is
 * the host's. */
#include "sink/prometheus_families.h"

#define GAUGE(whose, value_name, factor, name_, unit_, help_)                             \
	{                                                                                 \
		.scope = PROMETHEUS_OF_##whose, .value = (value_name), .scale = (factor), \
		.family = {                                                               \
			.name = (name_),                                                  \
			.help = (help_),                                                  \
			.unit = (unit_),                                                  \
			.type = PROMETHEUS_GAUGE                                          \
		}                                                                         \
	}
#define TARGET(...)   GAUGE(TARGET, __VA_ARGS__)
#define ENDPOINT(...) GAUGE(ENDPOINT, __VA_ARGS__)
#define HOST(...)     GAUGE(HOST, __VA_ARGS__)
#define AGENT(...)    GAUGE(AGENT, __VA_ARGS__)

const struct prometheus_gauge prometheus_gauges[] = {
	TARGET("up", 1, "tickscope_target_up", NULL, "Whether the target has a process: 1 or 0."),
	TARGET("uptime_ratio", 1, "tickscope_target_uptime_ratio", "ratio",
	       "Share of the time in which the target had a process."),
	TARGET("processes", 1, "tickscope_target_processes", NULL, "Processes of the target."),
	TARGET("uptime_s", 1, "tickscope_target_uptime_seconds", "seconds",
	       "Of the target: age of the oldest process."),
	TARGET("cpu_percent", 0.01, "tickscope_target_cpu_ratio", "ratio",
	       "Of the target: CPU time used per second, in CPUs: 1 is one of them."),
	TARGET("cpu_ratio", 1, "tickscope_target_host_cpu_ratio", "ratio",
	       "Of the target: CPU time used, as a share of all CPUs of the host."),
	TARGET("memory_bytes", 1, "tickscope_target_memory_bytes", "bytes",
	       "Of the target: resident memory; shared pages count in each process."),
	TARGET("memory_ratio", 1, "tickscope_target_host_memory_ratio", "ratio",
	       "Of the target: resident memory, as a share of the host's."),
	TARGET("descriptors", 1, "tickscope_target_descriptors", NULL,
	       "Of the target: open descriptors."),
	TARGET("descriptors_ratio", 1, "tickscope_target_descriptors_ratio", "ratio",
	       "Of the target: open descriptors, as a share of the limit of the process that is "
	       "nearest to it."),
	TARGET("threads", 1, "tickscope_target_threads", NULL, "Threads of the target."),
	TARGET("read_bytes_per_s", 1, "tickscope_target_read_bytes_per_second", NULL,
	       "Of the target: bytes read from storage."),
	TARGET("write_bytes_per_s", 1, "tickscope_target_written_bytes_per_second", NULL,
	       "Of the target: bytes written to storage."),
	TARGET("context_switches_per_s", 1, "tickscope_target_context_switches_per_second", NULL,
	       "Context switches of the target."),
	ENDPOINT("bytes_sent_per_s", 1, "tickscope_endpoint_sent_bytes_per_second", NULL,
		 "Bytes sent over the endpoint's connections."),
	ENDPOINT("bytes_received_per_s", 1, "tickscope_endpoint_received_bytes_per_second", NULL,
		 "Bytes received over the endpoint's connections."),
	ENDPOINT("retransmits_per_s", 1, "tickscope_endpoint_retransmits_per_second", NULL,
		 "Segments that were sent again."),
	ENDPOINT("resets_per_s", 1, "tickscope_endpoint_resets_per_second", NULL,
		 "Connections that the other side reset."),
	ENDPOINT("srtt_ns", 1e-9, "tickscope_endpoint_srtt_seconds", "seconds",
		 "Round trip time as TCP measures it, smoothed."),
	ENDPOINT("queue_bytes", 1, "tickscope_endpoint_queue_bytes", "bytes",
		 "Bytes that wait in the receive queue."),
	ENDPOINT("datagrams_dropped_per_s", 1, "tickscope_endpoint_datagrams_dropped_per_second",
		 NULL,
		 "Datagrams that the kernel dropped: no room in the receive queue, or damaged."),
	HOST("cpu_percent", 0.01, "tickscope_host_cpu_ratio", "ratio",
	     "Share of all CPUs that is busy."),
	HOST("memory_used_ratio", 1, "tickscope_host_memory_used_ratio", "ratio",
	     "Share of the host's memory in use."),
	HOST("memory_available_bytes", 1, "tickscope_host_memory_available_bytes", "bytes",
	     "Memory that programs could still have."),
	HOST("network_received_bytes_per_s", 1, "tickscope_host_network_received_bytes_per_second",
	     NULL, "Bytes received over all interfaces."),
	HOST("network_sent_bytes_per_s", 1, "tickscope_host_network_sent_bytes_per_second", NULL,
	     "Bytes sent over all interfaces."),
	HOST("disk_read_bytes_per_s", 1, "tickscope_host_disk_read_bytes_per_second", NULL,
	     "Bytes read from all disks."),
	HOST("disk_written_bytes_per_s", 1, "tickscope_host_disk_written_bytes_per_second", NULL,
	     "Bytes written to all disks."),
	HOST("disk_busy_ratio", 1, "tickscope_host_disk_busy_ratio", "ratio",
	     "Share of time in which the busiest disk was busy."),
	HOST("disk_free_ratio", 1, "tickscope_host_disk_free_ratio", "ratio",
	     "Free share of the file system with the agent's state."),
	HOST("load_1m", 1, "tickscope_host_load1", NULL, "Load average over a minute."),
	HOST("system_uptime_ratio", 1, "tickscope_system_uptime_ratio", "ratio",
	     "Share of the time in which targets had a process, of all targets."),
	HOST("system_requests_per_s", 1, "tickscope_system_requests_per_second", NULL,
	     "Calls of all operations."),
	HOST("system_error_ratio", 1, "tickscope_system_error_ratio", "ratio",
	     "Share of all calls that were errors."),
	HOST("system_latency_ns", 1e-9, "tickscope_system_latency_seconds", "seconds",
	     "Latency over all operations, as the system check has it."),
	HOST("system_health_score", 1, "tickscope_system_health_score", NULL,
	     "Health of all targets, 0 to 100."),
	HOST("system_alerts", 1, "tickscope_system_alerts", NULL, "Alerts that are active."),
	HOST("system_violations", 1, "tickscope_system_violations", NULL,
	     "Broken contracts in the last 24 hours."),
	AGENT("processes", 1, "tickscope_agent_processes", NULL, "Processes of the agent."),
	AGENT("uptime_s", 1, "tickscope_agent_uptime_seconds", "seconds",
	      "Of the agent: age of the oldest process."),
	AGENT("cpu_percent", 0.01, "tickscope_agent_cpu_ratio", "ratio",
	      "Of the agent: CPU time used per second, in CPUs: 1 is one of them."),
	AGENT("cpu_ratio", 1, "tickscope_agent_host_cpu_ratio", "ratio",
	      "Of the agent: CPU time used, as a share of all CPUs of the host."),
	AGENT("memory_bytes", 1, "tickscope_agent_memory_bytes", "bytes",
	      "Of the agent: resident memory; shared pages count in each process."),
	AGENT("memory_ratio", 1, "tickscope_agent_host_memory_ratio", "ratio",
	      "Of the agent: resident memory, as a share of the host's."),
	AGENT("descriptors", 1, "tickscope_agent_descriptors", NULL,
	      "Of the agent: open descriptors."),
	AGENT("descriptors_ratio", 1, "tickscope_agent_descriptors_ratio", "ratio",
	      "Of the agent: open descriptors, as a share of the limit of the process that is "
	      "nearest to it."),
	AGENT("threads", 1, "tickscope_agent_threads", NULL, "Threads of the agent."),
	AGENT("read_bytes_per_s", 1, "tickscope_agent_read_bytes_per_second", NULL,
	      "Of the agent: bytes read from storage."),
	AGENT("write_bytes_per_s", 1, "tickscope_agent_written_bytes_per_second", NULL,
	      "Of the agent: bytes written to storage."),
	AGENT("context_switches_per_s", 1, "tickscope_agent_context_switches_per_second", NULL,
	      "Context switches of the agent."),
	AGENT("channels_down", 1, "tickscope_agent_channels_down", NULL,
	      "Notification channels that take nothing."),
	AGENT("history_failing", 1, "tickscope_agent_history_failing", NULL,
	      "Whether the history cannot be written: 1 or 0."),
	AGENT("dropped_windows_per_s", 1, "tickscope_agent_dropped_windows_per_second", NULL,
	      "Windows that the history had no room for."),
	AGENT("sinks_failing", 1, "tickscope_agent_sinks_failing", NULL,
	      "Sinks whose last attempt failed."),
	AGENT("sink_dropped_per_s", 1, "tickscope_agent_sink_dropped_per_second", NULL,
	      "Rows and commands that sinks had to give up."),
};
const size_t prometheus_gauge_cnt = sizeof(prometheus_gauges) / sizeof(prometheus_gauges[0]);
