//! What happens to approvals, documents and custody.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{event, example};

/// How soon an approval is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalPriority {
    /// There is time.
    Low,
    /// As usual.
    Medium,
    /// The reservation starts soon.
    High,
}

/// A reservation needs a person's approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRequested {
    /// The approval.
    pub approval_id: Uuid,
    /// The reservation to approve.
    pub reservation_id: Uuid,
    /// The reserved resource.
    pub resource_id: Uuid,
    /// Who holds the reservation.
    pub user_id: Uuid,
    /// Who asked for it.
    pub requested_by: Uuid,
    /// How soon it is needed.
    pub priority: ApprovalPriority,
    /// The step of the approval flow that is open, counted from 1.
    #[schemars(range(min = 1))]
    pub current_step: u32,
    /// When the step times out, which rejects the reservation; absent when it never does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<DateTime<Utc>>,
}

event!(ApprovalRequested = "approval.requested", Approval by approval_id, Stockpile, {
    approval_id: example::APPROVAL,
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    requested_by: example::USER,
    priority: ApprovalPriority::Medium,
    current_step: 1,
    due_at: Some(example::at("12:00")),
});

/// The last step of an approval was approved, or a rule approved it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalGranted {
    /// The approval.
    pub approval_id: Uuid,
    /// The approved reservation.
    pub reservation_id: Uuid,
    /// The reserved resource.
    pub resource_id: Uuid,
    /// Who holds the reservation.
    pub user_id: Uuid,
    /// Who approved it; the nil UUID when a rule did.
    pub approved_by: Uuid,
    /// What the approver wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comments: Option<String>,
    /// Whether a rule approved it instead of a person.
    pub automatic: bool,
}

event!(ApprovalGranted = "approval.granted", Approval by approval_id, Stockpile, {
    approval_id: example::APPROVAL,
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    approved_by: example::STAFF,
    comments: Some("Wear goggles".to_owned()),
    automatic: false,
});

/// A step of an approval was rejected, or timed out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ApprovalRejected {
    /// The approval.
    pub approval_id: Uuid,
    /// The rejected reservation.
    pub reservation_id: Uuid,
    /// The resource that was reserved.
    pub resource_id: Uuid,
    /// Who held the reservation.
    pub user_id: Uuid,
    /// Who rejected it; the nil UUID when the step timed out.
    pub rejected_by: Uuid,
    /// Why.
    pub reason: String,
}

event!(ApprovalRejected = "approval.rejected", Approval by approval_id, Stockpile, {
    approval_id: example::APPROVAL,
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    rejected_by: example::STAFF,
    reason: "The laboratory needs a supervisor at that time".to_owned(),
});

/// What a document is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentType {
    /// The letter that says a reservation was approved.
    ApprovalLetter,
    /// The letter that says a reservation was rejected.
    RejectionLetter,
    /// The confirmation of a reservation, with its QR code.
    Confirmation,
    /// A report.
    Report,
}

/// What a document is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentSubject {
    /// An approval.
    Approval,
    /// A reservation.
    Reservation,
    /// A user.
    User,
}

/// A PDF document was made and stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DocumentGenerated {
    /// The document.
    pub document_id: Uuid,
    /// What it is.
    pub document_type: DocumentType,
    /// The thing it is about.
    pub related_entity_id: Uuid,
    /// What that thing is.
    pub related_entity_type: DocumentSubject,
    /// Where it can be fetched, a path of the HTTP interface.
    pub file_url: String,
    /// The SHA-256 digest of its bytes, in lower-case hexadecimal.
    #[schemars(regex(pattern = "^[0-9a-f]{64}$"))]
    pub sha256: String,
    /// Who caused it to be made; the nil UUID when it was not a person.
    pub generated_by: Uuid,
}

event!(DocumentGenerated = "document.generated", Document by document_id, Stockpile, {
    document_id: example::DOCUMENT,
    document_type: DocumentType::ApprovalLetter,
    related_entity_id: example::APPROVAL,
    related_entity_type: DocumentSubject::Approval,
    file_url: format!("/api/v1/documents/{}", example::DOCUMENT),
    sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".to_owned(),
    generated_by: example::STAFF,
});

/// How somebody checked in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckInMethod {
    /// The reservation's QR code was scanned.
    Qr,
    /// Staff entered it.
    Manual,
}

/// The holder of a reservation took the resource into use.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckInCompleted {
    /// The check-in.
    pub check_in_id: Uuid,
    /// The reservation.
    pub reservation_id: Uuid,
    /// The resource in use.
    pub resource_id: Uuid,
    /// Who uses it.
    pub user_id: Uuid,
    /// When it was taken into use.
    pub check_in_time: DateTime<Utc>,
    /// Where the check-in took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Who looked on; absent when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<Uuid>,
    /// How it was done.
    pub method: CheckInMethod,
}

event!(CheckInCompleted = "check-in.completed", CheckIn by check_in_id, Stockpile, {
    check_in_id: example::CHECK_IN,
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    check_in_time: example::at("14:02"),
    location: Some("Science, front desk".to_owned()),
    verified_by: Some(example::STAFF),
    method: CheckInMethod::Qr,
});

/// In what condition a resource came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResourceCondition {
    /// As it should be.
    Good,
    /// Broken: maintenance is scheduled.
    Damaged,
    /// Usable, but in need of care: maintenance is scheduled.
    NeedsMaintenance,
}

/// The holder of a reservation gave the resource back. What is left of its time is free.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CheckOutCompleted {
    /// The check-out, which ends a check-in and has the same id.
    pub check_out_id: Uuid,
    /// The reservation.
    pub reservation_id: Uuid,
    /// The resource that came back.
    pub resource_id: Uuid,
    /// Who used it.
    pub user_id: Uuid,
    /// When it came back.
    pub check_out_time: DateTime<Utc>,
    /// In what condition.
    pub resource_condition: ResourceCondition,
    /// What was noticed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// Who looked on; absent when nobody did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verified_by: Option<Uuid>,
}

event!(CheckOutCompleted = "check-out.completed", CheckIn by check_out_id, Stockpile, {
    check_out_id: example::CHECK_IN,
    reservation_id: example::RESERVATION,
    resource_id: example::RESOURCE,
    user_id: example::USER,
    check_out_time: example::at("15:55"),
    resource_condition: ResourceCondition::Good,
    notes: Some("One bench lamp flickers".to_owned()),
    verified_by: Some(example::STAFF),
});
