"""The keys that stand at the left margin of a described object.

Source: every LEVEL_0 key of k8s.io/kubectl v0.34.4 pkg/describe/describe.go, and those of versions since v1.9.
"""

from __future__ import annotations

OUTERMOST_KEYS = frozenset(
    {
        "Access Modes", "Active Deadline Seconds", "Address", "AddressType", "Addresses", "Allocatable",
        "Allocated resources", "AllowVolumeExpansion", "AllowedTopologies", "Annotations", "API Version",
        "Backoff Limit", "Behavior", "CIDRs", "Capacity", "Claim", "Completed At", "Completed Indexes",
        "Completion Mode", "Completions", "Concurrency Policy", "Conditions", "Containers", "Controlled By",
        "Controller", "Controllers", "Created on", "CreationTimestamp", "Current CPU utilization",
        "Current Number of Nodes Scheduled", "Data", "DataSource", "Default backend", "Description",
        "Desired LoadBalancer IP", "Desired Number of Nodes Scheduled", "Duration", "Endpoints", "Ephemeral Containers",
        "Events", "External IPs", "External Name", "External Traffic Policy", "ExternalID", "Failed Job History Limit",
        "Finalizers", "GlobalDefault", "HealthCheck NodePort", "IP", "IP Families", "IP Family Policy", "IPs",
        "Image pull secrets", "Ingress Class", "Init Containers", "Internal Traffic Policy", "IsDefaultClass", "Kind",
        "Labels", "Last Schedule Time", "Lease", "LoadBalancer Ingress", "LoadBalancer Source Ranges",
        "LocalhostProfile", "Max replicas", "Max unavailable", "Message", "Metadata", "Metrics", "Min available",
        "Min replicas", "MinReadySeconds", "MountOptions", "Mountable secrets", "Mounted By", "Name", "Namespace",
        "NewReplicaSet", "Node", "Node Affinity", "Node-Selector", "Node-Selectors", "NodePort", "NominatedNodeName",
        "Non-terminated Pods", "Number of Nodes Misscheduled", "Number of Nodes Scheduled with Available Pods",
        "Number of Nodes Scheduled with Up-to-date Pods", "OldReplicaSets", "Parallelism", "Parameters", "Phase",
        "Pod Template", "PodCIDR", "PodCIDRs", "Pods", "Pods Status", "Pods Statuses", "Port", "Ports",
        "PreemptionPolicy", "Priority", "Priority Class Name", "PriorityClassName", "ProviderID", "Provisioned By",
        "Provisioner", "QoS Class", "Readiness Gates", "Reason", "Reclaim Policy", "ReclaimPolicy", "Reference",
        "Replicas", "Replication Controllers", "Resources", "Role", "Roles", "RollingUpdateStrategy", "Rules",
        "Runtime Class Name", "Schedule", "Scopes", "SeccompProfile", "Selector", "Service Account", "Session Affinity",
        "Source", "Spec", "Start Time", "Starting Deadline Seconds", "Status", "StorageClass",
        "StrategyType", "Subsets",
        "Successful Job History Limit", "Suspend", "System Info", "TLS", "TTL Seconds After Finished", "Taints",
        "Target CPU utilization", "TargetPort", "Termination Grace Period", "Tokens", "Tolerations",
        "Topology Spread Constraints", "Traffic Distribution", "Type", "Unschedulable", "Update Strategy", "Used By",
        "Value", "Version", "Volume", "Volume Claims", "VolumeAttributes", "VolumeBindingMode", "VolumeMode",
        "Volumes", "PolicyRule", "Subjects", "Active Jobs", "Time Zone", "Webhooks",
    }
)  # fmt: skip

#: Sections whose values may hold line ends of their own: what stands at the left margin in them need not be a key.
FREE_SECTIONS = frozenset(
    {
        "Containers",
        "Init Containers",
        "Ephemeral Containers",
        "Message",
        "Reason",
        "Conditions",
        "Events",
        "Annotations",
    }
)
