//! What the shop sells: products, prices, a coupon.

use serde_json::{Value, json};

use super::super::scene::Scene;

/// A price and the plan that stands for it in older versions of the API.
fn create_price(scene: &mut Scene<'_>, name: &str, plan: &str, unit_amount: i64, nickname: &str) {
    let text = unit_amount.to_string();
    scene.make_as(
        name,
        "price",
        json!({"unit_amount": unit_amount, "unit_amount_decimal": text, "nickname": nickname}),
    );
    scene.emit("price.created", name);
    let id = scene.id(name);
    scene.make_as(
        plan,
        "plan",
        json!({"id": id, "amount": unit_amount, "amount_decimal": text, "nickname": nickname}),
    );
    scene.emit("plan.created", plan);
}

/// The shop opens.
pub(super) fn open(scene: &mut Scene<'_>) {
    let unit_amount = *scene.pick(&[1_900, 2_900, 4_900, 9_900]);

    // A product entered by mistake: only what was never used can be deleted.
    scene.pass(1, 3);
    scene.create("product.created", "product", json!({"name": "Harbuor Team"}));
    create_price(scene, "price", "plan", unit_amount, "Team, monthly");
    scene.pass(1, 3);
    scene.emit("plan.deleted", "plan");
    scene.emit("price.deleted", "price");
    scene.emit("product.deleted", "product");
    scene.forget(&["product", "price", "plan"]);

    scene.pass(1, 3);
    scene.create("product.created", "product", Value::Null);
    create_price(scene, "price", "plan", unit_amount, "Team, monthly");
    create_price(scene, "price_pro", "plan_pro", unit_amount * 2, "Pro, monthly");
    scene.pass(1, 3);
    let (price, now) = (scene.id("price"), scene.now().seconds());
    scene.update("product.updated", "product", json!({"default_price": price, "updated": now}));

    scene.pass(1, 3);
    scene.create("coupon.created", "coupon", Value::Null);
    scene.create("promotion_code.created", "promotion_code", Value::Null);
}

/// The shop closes.
pub(super) fn close(scene: &mut Scene<'_>) {
    scene.pass(1, 3);
    scene.update("promotion_code.updated", "promotion_code", json!({"active": false}));
    scene.update("coupon.updated", "coupon", json!({"name": "Welcome aboard (ended)"}));
    scene.pass(1, 3);
    scene.emit("coupon.deleted", "coupon");
    scene.pass(1, 3);
    let now = scene.now().seconds();
    scene.update(
        "product.updated",
        "product",
        json!({"active": false, "default_price": null, "updated": now}),
    );
    scene.update("price.updated", "price", json!({"active": false}));
}
