//! A lead's life in Close: found, called, written to, met, won, merged with its double, deleted with all that hangs on it.

use serde_json::{Value, json};

use super::super::catalogue::Life;
use super::super::scene::Scene;
use super::{consolidate_next, note_in_meta};

/// A life, and every type that can occur in one.
pub(super) const LIFE: Life = Life {
    types: &[
        "activity.call.answered",
        "activity.call.completed",
        "activity.call.created",
        "activity.call.deleted",
        "activity.call.updated",
        "activity.email.created",
        "activity.email.deleted",
        "activity.email.sent",
        "activity.email.updated",
        "activity.email_thread.created",
        "activity.email_thread.deleted",
        "activity.email_thread.updated",
        "activity.lead_merge.created",
        "activity.lead_status_change.created",
        "activity.lead_status_change.deleted",
        "activity.meeting.completed",
        "activity.meeting.created",
        "activity.meeting.deleted",
        "activity.meeting.scheduled",
        "activity.meeting.started",
        "activity.meeting.updated",
        "activity.note.created",
        "activity.note.deleted",
        "activity.note.updated",
        "activity.opportunity_status_change.created",
        "activity.opportunity_status_change.deleted",
        "activity.sms.created",
        "activity.sms.deleted",
        "activity.sms.sent",
        "activity.sms.updated",
        "activity.task_completed.created",
        "activity.task_completed.deleted",
        "contact.created",
        "contact.deleted",
        "contact.updated",
        "lead.created",
        "lead.deleted",
        "lead.merged",
        "lead.updated",
        "opportunity.created",
        "opportunity.deleted",
        "opportunity.updated",
        "task.lead.completed",
        "task.lead.created",
        "task.lead.deleted",
        "task.lead.updated",
    ],
    tell,
};

fn tell(scene: &mut Scene<'_>) {
    find(scene);
    take_notes(scene);
    call(scene);
    qualify(scene);
    write_to(scene);
    meet(scene);
    win(scene);
    merge(scene);
    delete(scene);
}

/// Changes an object, and with it its `date_updated`. Placeholders in `set` are filled.
fn change(scene: &mut Scene<'_>, name: &str, set: &Value) {
    let mut set = scene.fill(set, "");
    set["date_updated"] = scene.fill(&json!("{time}"), "");
    scene.change(name, set);
}

fn update(scene: &mut Scene<'_>, event_type: &'static str, name: &str, set: &Value) {
    change(scene, name, set);
    scene.emit(event_type, name);
}

fn find(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("lead.created", "lead", Value::Null);
    scene.pass(1, 4);
    scene.create("contact.created", "contact", Value::Null);
    update(scene, "lead.updated", "lead", &json!({"contact_ids": ["{contact.id}"]}));
    scene.pass(1, 4);
    update(scene, "contact.updated", "contact", &json!({"title": "Head of operations"}));
}

/// A note is saved while it is typed: its entry grows.
fn take_notes(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("activity.note.created", "activity.note", Value::Null);
    scene.pass(1, 4);
    update(scene, "activity.note.updated", "activity.note", &json!({"note": "Met at the trade fair. Wants"}));
    scene.pass(1, 2);
    consolidate_next(scene, "activity.note.updated");
    update(
        scene,
        "activity.note.updated",
        "activity.note",
        &json!({"note": "Met at the trade fair. Wants a quote for 40 seats.",
                "note_html": "<p>Met at the trade fair. Wants a quote for 40 seats.</p>"}),
    );
}

fn call(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("activity.call.created", "activity.call", Value::Null);
    scene.pass_unasked(1, 3);
    change(scene, "activity.call", &json!({"status": "in-progress", "date_answered": "{time}"}));
    scene.emit("activity.call.answered", "activity.call");
    let duration = scene.number(2, 6);
    scene.pass_unasked(duration, duration);
    update(
        scene,
        "activity.call.updated",
        "activity.call",
        &json!({"status": "completed", "duration": duration, "has_recording": true, "disposition": "answered",
                "recording_url": "https://app.close.com/call/recording/{hex:16}/", "note": "Call back on Thursday."}),
    );
    scene.emit("activity.call.completed", "activity.call");
}

fn qualify(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    update(
        scene,
        "lead.updated",
        "lead",
        &json!({"status_id": "{known.qualified}", "status_label": "Qualified",
                "addresses": [{"address_1": "{who.street}", "address_2": "", "city": "{who.city}", "country": "US",
                               "label": "business", "state": "{who.state}", "zipcode": "{who.postal_code}"}]}),
    );
    scene.create("activity.lead_status_change.created", "activity.lead_status_change", Value::Null);
}

fn write_to(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("activity.email.created", "activity.email", Value::Null);
    let email = scene.id("activity.email");
    scene.create("activity.email_thread.created", "activity.email_thread", Value::Null);
    scene.pass(1, 4);
    update(
        scene,
        "activity.email.updated",
        "activity.email",
        &json!({"status": "outbox", "subject": "Our proposal for {who.company}"}),
    );
    scene.pass_unasked(1, 3);
    change(scene, "activity.email", &json!({"status": "sent", "date_sent": "{time}"}));
    scene.emit("activity.email.sent", "activity.email");
    update(
        scene,
        "activity.email_thread.updated",
        "activity.email_thread",
        &json!({"emails": [{"id": email, "status": "sent"}], "latest_normalized_subject": "our proposal for {who.company}"}),
    );

    scene.pass(1, 4);
    scene.create("activity.sms.created", "activity.sms", Value::Null);
    update(scene, "activity.sms.updated", "activity.sms", &json!({"status": "outbox"}));
    scene.pass_unasked(1, 3);
    change(scene, "activity.sms", &json!({"status": "sent", "date_sent": "{time}"}));
    scene.emit("activity.sms.sent", "activity.sms");
}

fn meet(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("activity.meeting.created", "activity.meeting", Value::Null);
    scene.emit("activity.meeting.scheduled", "activity.meeting");
    scene.pass_unasked(2, 5);
    change(scene, "activity.meeting", &json!({"status": "in-progress"}));
    scene.emit("activity.meeting.started", "activity.meeting");
    scene.pass_unasked(2, 5);
    update(
        scene,
        "activity.meeting.updated",
        "activity.meeting",
        &json!({"status": "completed", "user_note": "They want to start next month."}),
    );
    scene.emit("activity.meeting.completed", "activity.meeting");
}

fn win(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    let value = scene.get("amount").as_i64().unwrap_or_default();
    scene.create(
        "opportunity.created",
        "opportunity",
        json!({"annualized_value": value * 12, "expected_value": value * 40 / 100}),
    );
    scene.pass(1, 4);
    update(
        scene,
        "opportunity.updated",
        "opportunity",
        &json!({"confidence": 70, "expected_value": value * 70 / 100, "note": "Asked for a contract."}),
    );
    scene.create("task.lead.created", "task.lead", Value::Null);
    scene.pass(1, 4);
    update(scene, "task.lead.updated", "task.lead", &json!({"is_complete": true}));
    scene.emit("task.lead.completed", "task.lead");
    scene.create("activity.task_completed.created", "activity.task_completed", Value::Null);

    scene.pass(1, 4);
    update(
        scene,
        "opportunity.updated",
        "opportunity",
        &json!({"confidence": 100, "expected_value": value, "date_won": "{day}", "status_id": "{known.won}",
                "status_label": "Won", "status_display_name": "Won", "status_type": "won"}),
    );
    scene.create(
        "activity.opportunity_status_change.created",
        "activity.opportunity_status_change",
        Value::Null,
    );
    scene.pass(1, 4);
    update(
        scene,
        "lead.updated",
        "lead",
        &json!({"status_id": "{known.customer}", "status_label": "Customer", "custom": {"Tier": "Gold"},
                "custom.cf_9sWuCiG8cUleO9cv6S011I6MqcbVvB2FA5Nk8dr5MkL": "Gold"}),
    );
    let set = json!({"old_status_id": "{known.qualified}", "old_status_label": "Qualified",
                     "new_status_id": "{known.customer}", "new_status_label": "Customer"});
    let set = scene.fill(&set, "");
    scene.make_as("second_status_change", "activity.lead_status_change", set);
    scene.emit("activity.lead_status_change.created", "second_status_change");
}

/// The same company came in through a web form; its lead goes into the old one.
fn merge(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("lead.created", "source_lead", Value::Null);
    scene.create("contact.created", "source_contact", Value::Null);
    scene.pass(2, 6);
    let merge = json!({"merge_source_lead_id": "{source_lead.id}", "merge_destination_lead_id": "{lead.id}"});
    let merge = scene.fill(&merge, "");
    note_in_meta(scene, merge);
    update(scene, "contact.updated", "source_contact", &json!({"lead_id": "{lead.id}"}));
    update(
        scene,
        "lead.updated",
        "lead",
        &json!({"contact_ids": ["{contact.id}", "{source_contact.id}"], "description": "Also came in through the web form."}),
    );
    scene.emit("lead.deleted", "source_lead");
    scene.emit("lead.merged", "lead");
    scene.create("activity.lead_merge.created", "activity.lead_merge", Value::Null);
    note_in_meta(scene, Value::Null);
}

/// Everything that hangs on a lead goes with it, each with an entry of its own.
fn delete(scene: &mut Scene<'_>) {
    scene.pass(2, 6);
    for (event_type, name) in [
        ("activity.note.deleted", "activity.note"),
        ("activity.call.deleted", "activity.call"),
        ("activity.email.deleted", "activity.email"),
        ("activity.email_thread.deleted", "activity.email_thread"),
        ("activity.sms.deleted", "activity.sms"),
        ("activity.meeting.deleted", "activity.meeting"),
        ("activity.lead_status_change.deleted", "activity.lead_status_change"),
        ("activity.lead_status_change.deleted", "second_status_change"),
        ("activity.opportunity_status_change.deleted", "activity.opportunity_status_change"),
        ("activity.task_completed.deleted", "activity.task_completed"),
        ("task.lead.deleted", "task.lead"),
        ("opportunity.deleted", "opportunity"),
        ("contact.deleted", "source_contact"),
        ("contact.deleted", "contact"),
        ("lead.deleted", "lead"),
    ] {
        scene.emit(event_type, name);
    }
}
