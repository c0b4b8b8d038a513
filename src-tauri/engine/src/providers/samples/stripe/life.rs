//! A Stripe customer's life: a shop opens, somebody signs up, subscribes, pays, upgrades, gets money back, disputes a
//! charge, cancels and leaves.
//!
//! What one request or one act of Stripe's causes is a burst: its events share a second and, if there was one, a request. The whole
//! life takes minutes: the trial lasts seconds, so that the first renewal comes soon, and the upgrade is invoiced at once.

use serde_json::{Value, json};

use super::super::catalogue::Life;
use super::super::scene::Scene;
use super::billing::{self, Line};
use super::shop;

/// A life, and every type that can occur in one.
pub(super) const LIFE: Life = Life {
    types: &[
        "balance.available",
        "charge.dispute.closed",
        "charge.dispute.created",
        "charge.dispute.funds_reinstated",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.updated",
        "charge.failed",
        "charge.refunded",
        "charge.succeeded",
        "charge.updated",
        "checkout.session.completed",
        "coupon.created",
        "coupon.deleted",
        "coupon.updated",
        "credit_note.created",
        "customer.created",
        "customer.deleted",
        "customer.discount.created",
        "customer.discount.deleted",
        "customer.subscription.created",
        "customer.subscription.deleted",
        "customer.subscription.trial_will_end",
        "customer.subscription.updated",
        "customer.tax_id.created",
        "customer.tax_id.deleted",
        "customer.tax_id.updated",
        "customer.updated",
        "invoice.created",
        "invoice.deleted",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.payment_succeeded",
        "invoice.upcoming",
        "invoice.updated",
        "invoice_payment.paid",
        "invoiceitem.created",
        "invoiceitem.deleted",
        "payment_intent.created",
        "payment_intent.payment_failed",
        "payment_intent.succeeded",
        "payment_method.attached",
        "payment_method.detached",
        "payout.created",
        "payout.paid",
        "payout.reconciliation_completed",
        "payout.updated",
        "plan.created",
        "plan.deleted",
        "price.created",
        "price.deleted",
        "price.updated",
        "product.created",
        "product.deleted",
        "product.updated",
        "promotion_code.created",
        "promotion_code.updated",
        "quote.accepted",
        "quote.created",
        "quote.finalized",
        "radar.early_fraud_warning.created",
        "refund.created",
        "refund.updated",
        "review.closed",
        "review.opened",
        "setup_intent.created",
        "setup_intent.succeeded",
        "transfer.created",
    ],
    tell,
};

const MONTH: i64 = 30 * 24 * 3_600;

fn tell(scene: &mut Scene<'_>) {
    shop::open(scene);
    sign_up(scene);
    subscribe(scene);
    renew(scene);
    upgrade(scene);
    refund(scene);
    buy_once(scene);
    if scene.once_in(3) {
        dispute(scene);
    }
    if scene.once_in(3) {
        quote(scene);
    }
    discard_draft(scene);
    pay_out(scene);
    cancel(scene);
    leave(scene);
    shop::close(scene);
}

fn sign_up(scene: &mut Scene<'_>) {
    scene.pass(1, 3);
    scene.create("customer.created", "customer", Value::Null);

    scene.pass(1, 3);
    let address = scene.fill(
        &json!({"city": "{who.city}", "country": "US", "line1": "{who.street}", "line2": null,
                "postal_code": "{who.postal_code}", "state": "{who.state}"}),
        "",
    );
    let phone = scene.get("who")["phone"].clone();
    scene.update("customer.updated", "customer", json!({"address": address, "phone": phone}));

    scene.pass(1, 3);
    scene.create("customer.tax_id.created", "tax_id", Value::Null);
    scene.pass_unasked(1, 3);
    let name = scene.get("who")["company"].clone();
    scene.update(
        "customer.tax_id.updated",
        "tax_id",
        json!({"verification": {"status": "verified", "verified_name": name}}),
    );

    scene.pass(1, 3);
    scene.create("setup_intent.created", "setup_intent", Value::Null);
    scene.pass(1, 3);
    add_card(scene, "4242");
    let payment_method = scene.id("payment_method");
    scene.update(
        "setup_intent.succeeded",
        "setup_intent",
        json!({"status": "succeeded", "payment_method": payment_method}),
    );
}

/// A new card becomes the one that invoices are paid with.
fn add_card(scene: &mut Scene<'_>, last4: &str) {
    scene.create("payment_method.attached", "payment_method", json!({"card": {"last4": last4}}));
    let payment_method = scene.id("payment_method");
    scene.update(
        "customer.updated",
        "customer",
        json!({"invoice_settings": {"default_payment_method": payment_method}}),
    );
}

/// Sets what the subscription is for, from the items on the stage.
fn item(scene: &mut Scene<'_>, price: &str, plan: &str, quantity: i64, period: (i64, i64)) -> Value {
    let (price, plan) = (scene.get(price).clone(), scene.get(plan).clone());
    let set = json!({
        "price": price, "plan": plan, "quantity": quantity,
        "current_period_start": period.0, "current_period_end": period.1,
    });
    if scene.get("subscription_item").is_null() {
        scene.make("subscription_item", set);
    } else {
        scene.change("subscription_item", set);
    }
    json!({"data": [scene.get("subscription_item").clone()]})
}

fn subscribe(scene: &mut Scene<'_>) {
    scene.pass(1, 3);
    let now = scene.now().seconds();
    let trial_end = now + scene.number(6, 15);
    let quantity = scene.number(1, 6);
    let items = item(scene, "price", "plan", quantity, (now, trial_end));
    scene.forget(billing::OBJECTS);
    let (invoice, discount) = (scene.id("invoice"), scene.id("discount"));
    scene.create(
        "customer.subscription.created",
        "subscription",
        json!({"status": "trialing", "trial_start": now, "trial_end": trial_end, "billing_cycle_anchor": trial_end,
               "items": items, "latest_invoice": invoice, "discounts": [discount]}),
    );
    let subscription = scene.id("subscription");
    scene.create("customer.discount.created", "discount", json!({"subscription": subscription}));

    let description =
        format!("Trial period for {}", scene.get("product")["name"].as_str().unwrap_or_default());
    billing::draft(scene, "subscription_create", &[Line::new(description, 0, quantity, (now, trial_end))], 0);
    billing::finalize(scene);
    billing::settle(scene);
    scene.update("customer.updated", "customer", json!({"currency": "usd", "next_invoice_sequence": 2}));
    // A trial shorter than three days is announced to end as it begins.
    scene.emit("customer.subscription.trial_will_end", "subscription");
}

fn renew(scene: &mut Scene<'_>) {
    let trial_end = scene.int("subscription", "trial_end");
    let quantity = scene.int("subscription_item", "quantity");
    let amount = scene.int("price", "unit_amount") * quantity;
    let lines =
        [Line::new(describe(scene, "price", quantity), amount, quantity, (trial_end, trial_end + MONTH))];
    // 20.5 percent off, once, rounded to the cent as Stripe does.
    let discount = (amount * 205 + 500) / 1_000;
    scene.pass_unasked(1, 3);
    billing::announce(scene, &lines, discount);

    let left = trial_end - scene.now().seconds();
    scene.pass_unasked(left, left);
    let items = item(scene, "price", "plan", quantity, (trial_end, trial_end + MONTH));
    scene.forget(billing::OBJECTS);
    let invoice = scene.id("invoice");
    scene.update(
        "customer.subscription.updated",
        "subscription",
        json!({"status": "active", "items": items, "latest_invoice": invoice}),
    );
    billing::draft(scene, "subscription_cycle", &lines, discount);

    scene.pass_unasked(1, 4);
    billing::finalize(scene);
    billing::pay(scene);
    scene.update("customer.updated", "customer", json!({"next_invoice_sequence": 3}));
    let end = scene.now().seconds();
    scene.change("discount", json!({"end": end}));
    scene.emit("customer.discount.deleted", "discount");
    scene.update("customer.subscription.updated", "subscription", json!({"discounts": []}));
    scene.pass_unasked(1, 2);
    billing::clear(scene);
}

/// `2 × Harbor Team (at $19.00 / month)`.
fn describe(scene: &Scene<'_>, price: &str, quantity: i64) -> String {
    let unit_amount = scene.int(price, "unit_amount");
    let product = scene.get("product")["name"].as_str().unwrap_or_default();
    format!("{quantity} × {product} (at ${}.{:02} / month)", unit_amount / 100, unit_amount % 100)
}

fn upgrade(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    let now = scene.now().seconds();
    let quantity = scene.int("subscription_item", "quantity");
    let end = scene.int("subscription_item", "current_period_end");
    let start = scene.int("subscription_item", "current_period_start");
    let items = item(scene, "price_pro", "plan_pro", quantity, (start, end));
    scene.forget(billing::OBJECTS);
    let invoice = scene.id("invoice");
    scene.update(
        "customer.subscription.updated",
        "subscription",
        json!({"items": items, "latest_invoice": invoice}),
    );
    // Of the month nearly everything is left.
    let unused = -(scene.int("price", "unit_amount") * quantity - 1);
    let remaining = scene.int("price_pro", "unit_amount") * quantity - 1;
    let mut lines = Vec::new();
    for (what, amount, price) in [("Unused", unused, "price"), ("Remaining", remaining, "price_pro")] {
        let description = format!("{what} time on {}", describe(scene, price, quantity));
        let set = json!({"amount": amount, "net_amount": amount, "description": description, "proration": true,
                         "invoice": invoice, "quantity": quantity, "period": {"start": now, "end": end}});
        scene.create("invoiceitem.created", "invoiceitem", set);
        let invoice_item = scene.id("invoiceitem");
        lines.push(
            Line::new(description, amount, quantity, (now, end)).of_price(price).proration(invoice_item),
        );
    }
    billing::draft(scene, "subscription_update", &lines, 0);
    billing::finalize(scene);
    scene.update("customer.updated", "customer", json!({"next_invoice_sequence": 4}));
    if scene.once_in(2) {
        billing::decline(scene);
        scene.update("customer.subscription.updated", "subscription", json!({"status": "past_due"}));
        scene.update("customer.updated", "customer", json!({"delinquent": true}));

        scene.pass(2, 5);
        scene.change("payment_method", json!({"customer": null}));
        scene.emit("payment_method.detached", "payment_method");
        add_card(scene, "1881");

        scene.pass(1, 3);
        billing::pay(scene);
        scene.update("customer.subscription.updated", "subscription", json!({"status": "active"}));
        scene.update("customer.updated", "customer", json!({"delinquent": false}));
    } else {
        billing::pay(scene);
    }
    scene.pass_unasked(1, 2);
    billing::clear(scene);
}

fn refund(scene: &mut Scene<'_>) {
    scene.pass(2, 5);
    let paid = scene.int("charge", "amount");
    let amount = if scene.once_in(2) { paid } else { paid / 2 };
    scene.create("refund.created", "refund", json!({"amount": amount}));
    scene.change("charge", json!({"amount_refunded": amount, "refunded": amount == paid}));
    scene.emit("charge.refunded", "charge");
    let refund = scene.id("refund");
    let line = scene.fill(
        &json!({"id": "{new:cnli}", "object": "credit_note_line_item", "amount": amount,
                "description": "Goodwill", "discount_amount": 0, "discount_amounts": [], "livemode": false,
                "metadata": {}, "quantity": 1, "tax_rates": [], "taxes": [], "type": "custom_line_item",
                "unit_amount": amount, "unit_amount_decimal": amount.to_string()}),
        "",
    );
    scene.create(
        "credit_note.created",
        "credit_note",
        json!({"amount": amount, "post_payment_amount": amount, "subtotal": amount, "subtotal_excluding_tax": amount,
               "total": amount, "total_excluding_tax": amount, "lines": {"data": [line]},
               "refunds": [{"amount_refunded": amount, "refund": refund, "type": "refund"}]}),
    );
    scene.update("invoice.updated", "invoice", json!({"post_payment_credit_notes_amount": amount}));

    scene.pass_unasked(1, 4);
    let reference = scene.fill(&json!("{digits:23}"), "");
    scene.update(
        "refund.updated",
        "refund",
        json!({"destination_details": {"card": {"reference": reference, "reference_status": "available"}}}),
    );
}

/// A one-off payment through Checkout.
fn buy_once(scene: &mut Scene<'_>) {
    scene.pass(2, 5);
    scene.forget(billing::OBJECTS);
    let amount = scene.get("amount").as_i64().unwrap_or_default();
    billing::charge(scene, amount, "Onboarding session");
    scene.create("checkout.session.completed", "checkout.session", Value::Null);
    scene.pass_unasked(1, 2);
    billing::clear(scene);
    scene.create("review.opened", "review", Value::Null);
    scene.pass(1, 3);
    scene.change("review", json!({"open": false, "closed_reason": "approved", "reason": "approved"}));
    scene.emit("review.closed", "review");
}

/// The one-off payment is disputed, and the dispute is won.
fn dispute(scene: &mut Scene<'_>) {
    let amount = scene.int("charge", "amount");
    scene.pass_unasked(2, 5);
    scene.create("radar.early_fraud_warning.created", "radar.early_fraud_warning", Value::Null);
    scene.pass_unasked(2, 5);
    scene.create("charge.dispute.created", "dispute", json!({"amount": amount}));
    scene.update("charge.updated", "charge", json!({"disputed": true}));
    let withdrawal = balance_transaction(scene, "adjustment", -amount, 1_500);
    scene.change("dispute", json!({"balance_transactions": [withdrawal]}));
    scene.emit("charge.dispute.funds_withdrawn", "dispute");

    scene.pass(2, 5);
    scene.update(
        "charge.dispute.updated",
        "dispute",
        json!({"status": "under_review",
               "evidence": {"product_description": "Onboarding session", "uncategorized_text": "Held as agreed."},
               "evidence_details": {"has_evidence": true, "submission_count": 1}}),
    );
    scene.pass_unasked(2, 5);
    scene.change("dispute", json!({"status": "won"}));
    scene.emit("charge.dispute.closed", "dispute");
    scene.pass_unasked(1, 2);
    let withdrawal = scene.get("dispute")["balance_transactions"][0].clone();
    let reversal = balance_transaction(scene, "adjustment", amount, -1_500);
    scene.change("dispute", json!({"balance_transactions": [withdrawal, reversal]}));
    scene.emit("charge.dispute.funds_reinstated", "dispute");
}

/// A movement of money, as it stands inside other objects.
fn balance_transaction(scene: &mut Scene<'_>, kind: &str, amount: i64, fee: i64) -> Value {
    scene.fill(
        &json!({"id": "{new:txn}", "object": "balance_transaction", "amount": amount, "available_on": "{now}",
                "balance_type": "payments", "created": "{now}", "currency": "usd", "description": null,
                "exchange_rate": null, "fee": fee, "fee_details": [], "net": amount - fee,
                "reporting_category": "dispute", "source": "{dispute.id}", "status": "available", "type": kind}),
        "",
    )
}

fn quote(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.create("quote.created", "quote", Value::Null);
    scene.pass(1, 4);
    let (now, number) = (scene.now().seconds(), scene.fill(&json!("QT-{letters:8}-0001-1"), ""));
    scene.change(
        "quote",
        json!({"status": "open", "number": number, "status_transitions": {"finalized_at": now}}),
    );
    scene.emit("quote.finalized", "quote");
    scene.pass(1, 4);
    let now = scene.now().seconds();
    scene.change("quote", json!({"status": "accepted", "status_transitions": {"accepted_at": now}}));
    scene.emit("quote.accepted", "quote");
}

/// A draft that nobody wanted.
fn discard_draft(scene: &mut Scene<'_>) {
    scene.pass(1, 4);
    scene.forget(billing::OBJECTS);
    scene.create("invoiceitem.created", "invoiceitem", Value::Null);
    scene.pass(1, 4);
    let (amount, now) = (scene.int("invoiceitem", "amount"), scene.now().seconds());
    let line = Line::new("Onboarding session".to_owned(), amount, 1, (now, now));
    let item = scene.id("invoiceitem");
    billing::draft(scene, "manual", &[line.by_hand(item)], 0);
    scene.pass(1, 4);
    scene.emit("invoice.deleted", "invoice");
    scene.emit("invoiceitem.deleted", "invoiceitem");
}

fn pay_out(scene: &mut Scene<'_>) {
    scene.pass_unasked(2, 5);
    scene.create("balance.available", "balance", Value::Null);
    if scene.once_in(3) {
        scene.create("transfer.created", "transfer", Value::Null);
    }
    let amount = scene.get("amount").clone();
    scene.create("payout.created", "payout", json!({"amount": amount}));
    scene.pass_unasked(2, 5);
    let trace_id = scene.fill(&json!({"status": "supported", "value": "{digits:15}"}), "");
    scene.update("payout.updated", "payout", json!({"status": "in_transit", "trace_id": trace_id}));
    scene.pass_unasked(2, 5);
    scene.change("payout", json!({"status": "paid"}));
    scene.emit("payout.paid", "payout");
    scene.pass_unasked(1, 3);
    scene.change("payout", json!({"reconciliation_status": "completed"}));
    scene.emit("payout.reconciliation_completed", "payout");
}

fn cancel(scene: &mut Scene<'_>) {
    scene.pass(2, 5);
    let now = scene.now().seconds();
    let period_end = scene.int("subscription_item", "current_period_end");
    let feedback = *scene.pick(&["too_expensive", "switched_service", "unused", "missing_features"]);
    scene.update(
        "customer.subscription.updated",
        "subscription",
        json!({"cancel_at_period_end": true, "cancel_at": period_end, "canceled_at": now,
               "cancellation_details": {"reason": "cancellation_requested", "feedback": feedback}}),
    );
    scene.pass(2, 5);
    let now = scene.now().seconds();
    scene.change(
        "subscription",
        json!({"status": "canceled", "ended_at": now, "cancel_at": null, "cancel_at_period_end": false}),
    );
    scene.emit("customer.subscription.deleted", "subscription");
}

fn leave(scene: &mut Scene<'_>) {
    scene.pass(2, 5);
    scene.update(
        "customer.updated",
        "customer",
        json!({"invoice_settings": {"default_payment_method": null}}),
    );
    scene.change("payment_method", json!({"customer": null}));
    scene.emit("payment_method.detached", "payment_method");
    scene.pass(1, 3);
    scene.emit("customer.tax_id.deleted", "tax_id");
    scene.emit("customer.deleted", "customer");
}
