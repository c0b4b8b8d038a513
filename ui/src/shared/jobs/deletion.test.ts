import { describe, expect, it } from "vitest";
import { deletionLoss, isTypedName } from "./deletion";

const none = { pending: 0, processing: 0, completed: 0, failed: 0, skipped: 0, rejected: 0 };

describe("deleting a job", () => {
  it("says what is lost and what stays", () => {
    const stats = {
      ...none,
      completed: 1200,
      failed: 2,
      skipped: 20,
      pending: 10,
      processing: 2,
      rejected: 3,
    };
    expect(deletionLoss(stats, "mongodb")).toBe(
      "Deletes the job with its 1,234 stored events, 3 rejected requests and its secret. 12 pending events will not be applied. Documents in the destination stay.",
    );
  });

  it("says nothing of events where there are none", () => {
    expect(deletionLoss(none, "http")).toBe(
      "Deletes the job with its secret. What was forwarded already is not undone.",
    );
    expect(deletionLoss({ ...none, pending: 1 }, undefined)).toContain("its one stored event and its secret");
  });

  it("takes the name only, with an arrow that keyboards have", () => {
    expect(isTypedName("Stripe -> Analytics", "Stripe → Analytics")).toBe(true);
    expect(isTypedName("  Stripe → Analytics ", "Stripe → Analytics")).toBe(true);
    expect(isTypedName("stripe → analytics", "Stripe → Analytics")).toBe(false);
    expect(isTypedName("Stripe", "Stripe → Analytics")).toBe(false);
    expect(isTypedName("", "Stripe")).toBe(false);
  });
});
