//! Invoices and payments: amounts that add up, and the bursts of events in which Stripe tells them.

use serde_json::{Value, json};

use super::super::scene::Scene;

/// What belongs to one invoice, to be forgotten before the next one.
pub(super) const OBJECTS: &[&str] = &["invoice", "payment_intent", "charge", "invoice_payment"];

/// One line of an invoice.
#[derive(Debug)]
pub(super) struct Line {
    description: String,
    /// In cents; negative for a credit.
    amount: i64,
    quantity: i64,
    /// From and to, seconds since 1970.
    period: (i64, i64),
    price: &'static str,
    /// The id of the invoice item that the line comes from, and whether that is a proration.
    item: Option<(Value, bool)>,
}

impl Line {
    /// A line for the subscription's first price.
    pub(super) fn new(description: String, amount: i64, quantity: i64, period: (i64, i64)) -> Self {
        Self { description, amount, quantity, period, price: "price", item: None }
    }

    /// The same for another price on the stage.
    pub(super) fn of_price(mut self, price: &'static str) -> Self {
        self.price = price;
        self
    }

    /// The same for an invoice item that somebody added by hand, outside any subscription.
    pub(super) fn by_hand(mut self, item: Value) -> Self {
        self.item = Some((item, false));
        self
    }

    /// The same for an invoice item that makes up for a change within the period.
    pub(super) fn proration(mut self, item: Value) -> Self {
        self.item = Some((item, true));
        self
    }

    fn is_by_hand(&self) -> bool {
        matches!(self.item, Some((_, false)))
    }
}

/// Creates the invoice as a draft; `discount` is taken off the first line.
pub(super) fn draft(scene: &mut Scene<'_>, billing_reason: &str, lines: &[Line], discount: i64) {
    compose(scene, "invoice", billing_reason, lines, discount);
    scene.emit("invoice.created", "invoice");
}

/// Announces the invoice that is to come. It does not exist yet, and therefore has no id.
pub(super) fn announce(scene: &mut Scene<'_>, lines: &[Line], discount: i64) {
    compose(scene, "upcoming", "upcoming", lines, discount);
    let mut invoice = scene.take("upcoming");
    invoice["lines"]["url"] = "/v1/invoices/upcoming/lines".into();
    for line in invoice["lines"]["data"].as_array_mut().into_iter().flatten() {
        line["invoice"] = Value::Null;
    }
    if let Value::Object(fields) = &mut invoice {
        fields.remove("id");
    }
    scene.put("upcoming", invoice);
    scene.emit("invoice.upcoming", "upcoming");
}

/// Puts a draft on the stage, with amounts that add up.
fn compose(scene: &mut Scene<'_>, name: &str, billing_reason: &str, lines: &[Line], discount: i64) {
    let mut data = Vec::with_capacity(lines.len());
    let discounts = if discount > 0 { json!([scene.id("discount")]) } else { json!([]) };
    let mut discount_left = discount;
    for line in lines {
        let price = scene.id(line.price);
        let unit = line.amount.checked_div(line.quantity).unwrap_or_default();
        let discount_amounts = match std::mem::take(&mut discount_left) {
            0 => json!([]),
            amount => json!([{"amount": amount, "discount": scene.id("discount")}]),
        };
        scene.make(
            "line_item",
            json!({"amount": line.amount, "subtotal": line.amount, "description": line.description,
                   "quantity": line.quantity, "period": {"start": line.period.0, "end": line.period.1},
                   "discounts": discounts, "discount_amounts": discount_amounts,
                   "pricing": {"price_details": {"price": price}, "unit_amount_decimal": unit.to_string()}}),
        );
        if let Some((item, proration)) = &line.item {
            let subscription = if *proration { scene.id("subscription") } else { Value::Null };
            let details = json!({"invoice_item": item, "proration": proration, "proration_details": null,
                                 "subscription": subscription});
            scene.change(
                "line_item",
                json!({"subscription": subscription,
                       "parent": {"type": "invoice_item_details", "subscription_item_details": null,
                                  "invoice_item_details": details}}),
            );
        }
        data.push(scene.get("line_item").clone());
    }
    let subtotal: i64 = lines.iter().map(|line| line.amount).sum();
    let total = subtotal - discount;
    let parent = if lines.iter().any(Line::is_by_hand) {
        Value::Null
    } else {
        let subscription = scene.id("subscription");
        json!({"quote_details": null, "type": "subscription_details",
               "subscription_details": {"metadata": {}, "subscription": subscription}})
    };
    let total_discount_amounts = match discount {
        0 => json!([]),
        amount => json!([{"amount": amount, "discount": scene.id("discount")}]),
    };
    let address = scene.get("customer")["address"].clone();
    scene.make_as(
        name,
        "invoice",
        json!({"billing_reason": billing_reason, "lines": {"data": data}, "parent": parent,
               "subtotal": subtotal, "subtotal_excluding_tax": subtotal,
               "total": total, "total_excluding_tax": total, "amount_due": total, "amount_remaining": total,
               "discounts": discounts, "total_discount_amounts": total_discount_amounts,
               "customer_address": address}),
    );
}

/// The draft becomes an invoice with a number; one with an amount gets a payment to be made.
pub(super) fn finalize(scene: &mut Scene<'_>) {
    let now = scene.now().seconds();
    let sequence = scene.int("customer", "next_invoice_sequence");
    let set = scene.fill(
        &json!({"status": "open", "auto_advance": false, "effective_at": now,
                "number": format!("{{customer.invoice_prefix}}-{sequence:04}"),
                "hosted_invoice_url": "https://invoice.stripe.com/i/{account_id}/test_{hex:32}?s=ap",
                "invoice_pdf": "https://pay.stripe.com/invoice/{account_id}/test_{hex:32}/pdf?s=ap",
                "status_transitions": {"finalized_at": now}, "webhooks_delivered_at": now}),
        "",
    );
    scene.change("invoice", set);
    scene.emit("invoice.finalized", "invoice");
    let amount = scene.int("invoice", "amount_due");
    if amount > 0 {
        scene.create(
            "payment_intent.created",
            "payment_intent",
            json!({"amount": amount, "description": "Subscription update", "setup_future_usage": "off_session"}),
        );
        scene.make("invoice_payment", json!({"amount_requested": amount}));
    }
}

/// An invoice over nothing is paid without a payment.
pub(super) fn settle(scene: &mut Scene<'_>) {
    let now = scene.now().seconds();
    let amount = scene.int("invoice", "amount_due");
    scene.update(
        "invoice.updated",
        "invoice",
        json!({"status": "paid", "attempted": true, "amount_paid": amount, "amount_remaining": 0,
               "next_payment_attempt": null, "status_transitions": {"paid_at": now}}),
    );
    scene.emit("invoice.paid", "invoice");
    scene.emit("invoice.payment_succeeded", "invoice");
}

/// The payment succeeds, and with it the invoice.
pub(super) fn pay(scene: &mut Scene<'_>) {
    let amount = scene.int("invoice", "amount_due");
    succeed(scene, amount, "Subscription update");
    let now = scene.now().seconds();
    let attempts = scene.int("invoice", "attempt_count") + 1;
    scene.change("invoice", json!({"attempt_count": attempts}));
    settle(scene);
    scene.change(
        "invoice_payment",
        json!({"status": "paid", "amount_paid": amount, "status_transitions": {"paid_at": now}}),
    );
    scene.emit("invoice_payment.paid", "invoice_payment");
}

/// A payment without an invoice.
pub(super) fn charge(scene: &mut Scene<'_>, amount: i64, description: &str) {
    scene.create(
        "payment_intent.created",
        "payment_intent",
        json!({"amount": amount, "description": description}),
    );
    succeed(scene, amount, description);
}

fn succeed(scene: &mut Scene<'_>, amount: i64, description: &str) {
    // A charge that failed stays what it is: each attempt is a charge of its own.
    scene.forget(&["charge"]);
    scene.create("charge.succeeded", "charge", charged(amount, amount, description));
    let (charge, payment_method) = (scene.id("charge"), scene.id("payment_method"));
    scene.change(
        "payment_intent",
        json!({"status": "succeeded", "amount_received": amount, "latest_charge": charge,
               "payment_method": payment_method, "last_payment_error": null}),
    );
    scene.emit("payment_intent.succeeded", "payment_intent");
}

fn charged(amount: i64, captured: i64, description: &str) -> Value {
    json!({"amount": amount, "amount_captured": captured, "description": description,
           "payment_method_details": {"card": {"amount_authorized": amount,
                                               "overcapture": {"maximum_amount_capturable": amount}}}})
}

/// The card is declined.
pub(super) fn decline(scene: &mut Scene<'_>) {
    let amount = scene.int("invoice", "amount_due");
    let mut failed = charged(amount, 0, "Subscription update");
    if let Value::Object(failed) = &mut failed {
        let declined = json!({
            "status": "failed", "paid": false, "captured": false, "failure_code": "card_declined",
            "failure_message": "Your card was declined.", "receipt_url": null,
            "outcome": {"network_status": "declined_by_network", "network_decline_code": "05", "type": "issuer_declined",
                        "reason": "generic_decline", "seller_message": "The bank did not return any further details with this decline."},
        });
        failed.extend(declined.as_object().cloned().unwrap_or_default());
    }
    scene.create("charge.failed", "charge", failed);
    let charge = scene.id("charge");
    scene.change(
        "payment_intent",
        json!({"status": "requires_payment_method", "latest_charge": charge,
               "last_payment_error": {"charge": charge, "code": "card_declined", "decline_code": "generic_decline",
                                      "message": "Your card was declined.", "type": "card_error"}}),
    );
    scene.emit("payment_intent.payment_failed", "payment_intent");
    let retry = scene.now().seconds() + 3 * 24 * 3_600;
    scene.update(
        "invoice.updated",
        "invoice",
        json!({"attempted": true, "attempt_count": 1, "next_payment_attempt": retry}),
    );
    scene.emit("invoice.payment_failed", "invoice");
}

/// The money arrives on the balance: the charge learns of its balance transaction.
pub(super) fn clear(scene: &mut Scene<'_>) {
    let transaction = scene.new_id("txn");
    scene.update("charge.updated", "charge", json!({"balance_transaction": transaction}));
}
