// What many write in an afternoon: Express, Stripe's library to check the signature, and an insert that waits for MongoDB's
// journal before the answer. `cargo xtask bench` compares Hookline's receiver with it.

import express from "express";
import { MongoClient } from "mongodb";
import Stripe from "stripe";

const secret = "whsec_express";
const stripe = new Stripe("sk_test_none");
const client = await new MongoClient(process.env.MONGODB_URI).connect();
const events = client.db().collection("express_events", { writeConcern: { w: 1, journal: true } });

const app = express();
app.post("/hook", express.raw({ type: "application/json", limit: "5mb" }), async (request, response) => {
  let event;
  try {
    event = stripe.webhooks.constructEvent(request.body, request.headers["stripe-signature"], secret);
  } catch (error) {
    response.status(401).send(error.message);
    return;
  }
  try {
    await events.insertOne({ _id: event.id, type: event.type, event });
  } catch (error) {
    // 11000: the event was there before.
    if (error.code !== 11000) {
      response.status(503).send("cannot store");
      return;
    }
  }
  response.json({ received: true });
});

const server = app.listen(0, "127.0.0.1", () => {
  console.log(`127.0.0.1:${server.address().port} /hook ${secret}`);
});
