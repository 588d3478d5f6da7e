//! What happens to reports, feedback and dashboards.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use uuid::Uuid;

use super::{Fields, event, example};

/// What a report tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReportType {
    /// How much resources were used.
    Usage,
    /// What users did.
    UserActivity,
    /// What was wanted, and could not be had.
    Demand,
    /// What users said.
    Feedback,
    /// Something put together for once.
    Custom,
}

/// The time a report covers, half open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DateRange {
    /// The first instant covered.
    pub start_date: DateTime<Utc>,
    /// The first instant not covered any more.
    pub end_date: DateTime<Utc>,
}

/// A report is finished.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportGenerated {
    /// The report.
    pub report_id: Uuid,
    /// What it tells.
    pub report_type: ReportType,
    /// Its title.
    pub title: String,
    /// Who asked for it; the nil UUID when a timetable did.
    pub generated_by: Uuid,
    /// Where it can be fetched, a path of the HTTP interface; absent when it has no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub file_url: Option<String>,
    /// What it was limited to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub filters: Option<Fields>,
    /// The time it covers; absent when it covers all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_range: Option<DateRange>,
}

event!(ReportGenerated = "report.generated", Report by report_id, Reports, {
    report_id: example::REPORT,
    report_type: ReportType::Usage,
    title: "Use of the laboratories".to_owned(),
    generated_by: example::STAFF,
    file_url: Some(format!("/api/v1/documents/{}", example::DOCUMENT)),
    filters: Some(example::fields([("type", json!("LABORATORY"))])),
    date_range: Some(DateRange { start_date: example::at("00:00"), end_date: example::at("18:00") }),
});

/// What feedback is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FeedbackCategory {
    /// A resource.
    Resource,
    /// The people and how they serve.
    Service,
    /// Bookly itself.
    Platform,
    /// Anything else.
    Other,
}

/// A user gave feedback.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeedbackSubmitted {
    /// The feedback.
    pub feedback_id: Uuid,
    /// Who gave it.
    pub user_id: Uuid,
    /// The resource it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_id: Option<Uuid>,
    /// The reservation it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reservation_id: Option<Uuid>,
    /// From 1, bad, to 5, good.
    #[schemars(range(min = 1, max = 5))]
    pub rating: u8,
    /// What the user wrote.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What it is about.
    pub category: FeedbackCategory,
}

event!(FeedbackSubmitted = "feedback.submitted", Feedback by feedback_id, Reports, {
    feedback_id: example::FEEDBACK,
    user_id: example::USER,
    resource_id: Some(example::RESOURCE),
    reservation_id: Some(example::RESERVATION),
    rating: 4,
    comment: Some("Bright and quiet".to_owned()),
    category: FeedbackCategory::Resource,
});

/// Whom a dashboard is for, or what it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DashboardType {
    /// For administrators.
    Admin,
    /// For one user.
    User,
    /// One resource.
    Resource,
    /// Trends and comparisons.
    Analytics,
}

/// The numbers of a dashboard moved. At most one of these every 5 seconds for each dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DashboardUpdated {
    /// The dashboard.
    pub dashboard_id: Uuid,
    /// Whom it is for, or what it shows.
    pub dashboard_type: DashboardType,
    /// The names of its numbers and their values now.
    pub metrics: Fields,
    /// Who caused the change; the nil UUID when it was not a person.
    pub updated_by: Uuid,
    /// The moment that the numbers describe.
    pub last_refresh: DateTime<Utc>,
}

event!(DashboardUpdated = "dashboard.updated", Dashboard by dashboard_id, Reports, {
    dashboard_id: example::DASHBOARD,
    dashboard_type: DashboardType::Admin,
    metrics: example::fields([("liveReservations", json!(128)), ("occupancyPercent", json!(61.5))]),
    updated_by: Uuid::nil(),
    last_refresh: example::at("14:05"),
});
