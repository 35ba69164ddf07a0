"""Quotas, budgets, autoscalers, leases, aggregated APIs, webhooks, configuration, namespaces."""

from __future__ import annotations

import msgspec
from msgspec import UNSET

from kwhy.facts.api.meta import (
    ApiStruct,
    Condition,
    ConditionsStatus,
    LabelSelector,
    LocalObjectReference,
    Maybe,
    ObjectMeta,
    ObjectReference,
    Quantity,
    Timestamp,
)


class QuotaSpec(ApiStruct, frozen=True):
    hard: Maybe[dict[str, Quantity]] = UNSET


class QuotaStatus(ApiStruct, frozen=True):
    hard: Maybe[dict[str, Quantity]] = UNSET
    used: Maybe[dict[str, Quantity]] = UNSET


class ResourceQuota(ApiStruct, frozen=True, tag_field="kind", tag="ResourceQuota"):
    metadata: ObjectMeta
    spec: QuotaSpec = QuotaSpec()
    status: QuotaStatus = QuotaStatus()


class LimitRangeItem(ApiStruct, frozen=True):
    type: str = ""
    min: Maybe[dict[str, Quantity]] = UNSET
    max: Maybe[dict[str, Quantity]] = UNSET
    max_limit_request_ratio: Maybe[dict[str, Quantity]] = UNSET


class LimitRangeSpec(ApiStruct, frozen=True):
    limits: Maybe[list[LimitRangeItem]] = UNSET


class LimitRange(ApiStruct, frozen=True, tag_field="kind", tag="LimitRange"):
    metadata: ObjectMeta
    spec: LimitRangeSpec = LimitRangeSpec()


class BudgetSpec(ApiStruct, frozen=True):
    min_available: Maybe[int | str] = UNSET
    max_unavailable: Maybe[int | str] = UNSET
    selector: Maybe[LabelSelector] = UNSET


class BudgetStatus(ApiStruct, frozen=True):
    disruptions_allowed: Maybe[int] = UNSET
    current_healthy: Maybe[int] = UNSET
    desired_healthy: Maybe[int] = UNSET
    expected_pods: Maybe[int] = UNSET
    conditions: Maybe[list[Condition]] = UNSET


class PodDisruptionBudget(ApiStruct, frozen=True, tag_field="kind", tag="PodDisruptionBudget"):
    metadata: ObjectMeta
    spec: BudgetSpec = BudgetSpec()
    status: BudgetStatus = BudgetStatus()


class ScaleTargetRef(ApiStruct, frozen=True):
    kind: str = ""
    name: str = ""


class AutoscalerSpec(ApiStruct, frozen=True):
    scale_target_ref: Maybe[ScaleTargetRef] = UNSET
    min_replicas: Maybe[int] = UNSET
    max_replicas: Maybe[int] = UNSET


class AutoscalerStatus(ConditionsStatus, frozen=True):
    current_replicas: Maybe[int] = UNSET
    desired_replicas: Maybe[int] = UNSET


class HorizontalPodAutoscaler(ApiStruct, frozen=True, tag_field="kind", tag="HorizontalPodAutoscaler"):
    metadata: ObjectMeta
    spec: AutoscalerSpec = AutoscalerSpec()
    status: AutoscalerStatus = AutoscalerStatus()


class LeaseSpec(ApiStruct, frozen=True):
    holder_identity: Maybe[str] = UNSET
    lease_duration_seconds: Maybe[int] = UNSET
    renew_time: Maybe[Timestamp] = UNSET


class Lease(ApiStruct, frozen=True, tag_field="kind", tag="Lease"):
    metadata: ObjectMeta
    spec: LeaseSpec = LeaseSpec()


class ApiServiceSpec(ApiStruct, frozen=True):
    """``ca_bundle`` is PEM in base64, as everywhere in the API: certificates, which are public."""

    service: ObjectReference | None = None
    ca_bundle: Maybe[str] = UNSET
    insecure_skip_tls_verify: bool | None = msgspec.field(default=None, name="insecureSkipTLSVerify")


class APIService(ApiStruct, frozen=True, tag_field="kind", tag="APIService"):
    metadata: ObjectMeta
    spec: ApiServiceSpec = ApiServiceSpec()
    status: ConditionsStatus = ConditionsStatus()


class WebhookService(ApiStruct, frozen=True):
    name: str = ""
    namespace: str = ""
    path: str = ""
    port: int | None = None


class WebhookClientConfig(ApiStruct, frozen=True):
    service: WebhookService | None = None
    url: str | None = None
    ca_bundle: Maybe[str] = UNSET


class Webhook(ApiStruct, frozen=True):
    name: str = ""
    failure_policy: str = "Fail"
    client_config: WebhookClientConfig = WebhookClientConfig()


class ValidatingWebhookConfiguration(ApiStruct, frozen=True, tag_field="kind", tag="ValidatingWebhookConfiguration"):
    metadata: ObjectMeta
    webhooks: Maybe[list[Webhook]] = UNSET


class MutatingWebhookConfiguration(ApiStruct, frozen=True, tag_field="kind", tag="MutatingWebhookConfiguration"):
    metadata: ObjectMeta
    webhooks: Maybe[list[Webhook]] = UNSET


class ConfigMap(ApiStruct, frozen=True, tag_field="kind", tag="ConfigMap"):
    metadata: ObjectMeta
    data: Maybe[dict[str, str]] = UNSET


class Secret(ApiStruct, frozen=True, tag_field="kind", tag="Secret"):
    """Values are decoded into nothing: only the key names are kept, and the certificates (DER) of two public keys.

    ``registries`` are those that a pull secret has an account for, as it names them; None: it is none, or not shown.
    """

    metadata: ObjectMeta
    type: Maybe[str] = UNSET
    data: Maybe[dict[str, msgspec.Raw]] = UNSET
    certificates: dict[str, tuple[bytes, ...]] = msgspec.field(default_factory=dict)
    registries: tuple[str, ...] | None = None


class NamespaceSpec(ApiStruct, frozen=True):
    finalizers: Maybe[list[str]] = UNSET


class Namespace(ApiStruct, frozen=True, tag_field="kind", tag="Namespace"):
    metadata: ObjectMeta
    spec: NamespaceSpec = NamespaceSpec()
    status: ConditionsStatus = ConditionsStatus()


class ServiceAccount(ApiStruct, frozen=True, tag_field="kind", tag="ServiceAccount"):
    metadata: ObjectMeta
    image_pull_secrets: Maybe[list[LocalObjectReference]] = UNSET
    automount_service_account_token: Maybe[bool] = UNSET
