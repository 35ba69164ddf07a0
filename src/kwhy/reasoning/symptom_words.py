"""Which words people use for one and the same trouble, in English and Chinese.

A question in words and the sentence of a finding are compared by the terms that both contain. Chinese terms follow the
glossary of the Kubernetes documentation (kubernetes.io/zh-cn/docs/reference/glossary) and what operators write.
"""

from __future__ import annotations

import unicodedata
from functools import cache

from kwhy.model.expressions import expression

#: A term, and the beginnings of words or the phrases that stand for it. ASCII ones begin at a word's beginning.
TERMS: dict[str, tuple[str, ...]] = {
    "unreachable": (
        *("unreachab", "refused", "cannot connect", "can't connect", "cannot reach", "can't reach", "timeout"),
        *("time-out", "timed out", "times out", "no ready endpoint", "connection", "inaccessib", "unavailab"),
        *("不可达", "无法访问", "访问不了", "不通", "连接失败", "连不上", "超时", "拒绝连接", "不可用"),
    ),
    "not ready": ("notready", "not ready", "unready", "未就绪", "不就绪", "没有就绪"),
    "pending": ("pending", "unschedul", "schedul", "have no node", "挂起", "调度"),
    "crash": ("crash", "restart", "exits", "exited", "backoff", "重启", "崩溃"),
    "image": ("image", "errimagepull", "pull", "registry", "镜像", "拉取"),
    "memory": ("memory", "oom", "内存"),
    "disk": ("disk", "no space", "ephemeral-storage", "磁盘", "空间不足"),
    "volume": ("volume", "mount", "pvc", "persistentvolume", "claim", "storageclass", "挂载", "存储", "卷"),
    "dns": ("dns", "coredns", "resolv", "resolution", "lookup", "nxdomain", "unknown host", "解析", "域名"),
    "network": ("network", "cni", "route", "packet", "sandbox", "网络", "路由", "丢包"),
    "certificate": ("certificate", "x509", "tls", "https", "证书"),
    "permission": ("forbidden", "permission", "denied", "unauthorized", "rbac", "may not", "权限", "禁止"),
    "quota": ("quota", "配额"),
    "slow": ("slow", "latency", "delay", "hang", "stuck", "慢", "延迟", "卡住", "卡死"),
    "scaling": ("hpa", "autoscal", "scale", "scaling", "replica", "伸缩", "扩容", "缩容", "副本"),
    "balance": (
        "balanc",
        "uneven",
        "distribut",
        "only one pod",
        "only one replica",
        "same pod",
        "均衡",
        "不均",
        "分布",
    ),
    "deletion": ("terminating", "delet", "finalizer", "删除", "终止"),
    "eviction": ("evict", "drain", "disruption", "驱逐", "排空"),
    "rollout": ("rollout", "rolling", "update", "upgrade", "deployed", "revision", "发布", "更新", "升级"),
    "node": ("node", "kubelet", "节点"),
    "service": ("service", "endpoint", "服务"),
    "job": ("job", "cronjob", "定时任务", "任务"),
    "probe": ("probe", "liveness", "readiness", "health check", "healthcheck", "探针", "健康检查"),
    "error": ("error", "500", "502", "503", "504", "报错", "错误"),
    "database": ("database", "mysql", "mariadb", "postgres", "redis", "mongo", "数据库"),
    "configuration": ("config", "secret", "environment variable", "配置", "环境变量"),
    "webhook": ("webhook", "admission", "准入"),
    "ingress": ("ingress", "gateway", "网关", "入口"),
    "control plane": ("apiserver", "api server", "etcd", "controller-manager", "控制面"),
    "cpu": ("cpu", "throttl", "load", "负载", "限流"),
}

_NAME = expression(r"[a-z0-9](?:[a-z0-9_.-]*[a-z0-9])?")


@cache
def terms_of(text: str) -> frozenset[str]:
    """The terms that a text contains."""
    plain = " " + _plain(text)
    return frozenset(term for term, shapes in TERMS.items() if any(_stands_in(shape, plain) for shape in shapes))


def names_in(text: str) -> frozenset[str]:
    """What may be the name of an object: words of letters, digits, dots and dashes, whole and between the dots."""
    words = {match[0] for match in _NAME.finditer(_plain(text))}
    return frozenset(words | {part for word in words for part in word.split(".")})


def _plain(text: str) -> str:
    """Lower case, wide forms as narrow ones (people paste from chats)."""
    return unicodedata.normalize("NFKC", text).lower()


def _stands_in(shape: str, plain: str) -> bool:
    if not shape.isascii():
        return shape in plain
    start = plain.find(shape)
    while start > 0 and plain[start - 1].isascii() and plain[start - 1].isalnum():
        start = plain.find(shape, start + 1)
    return start >= 0
