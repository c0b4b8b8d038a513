/** An event for tests: Stripe's, applied at the first attempt. */
import type { EventDetail } from "../../api/schema";

export const PAYLOAD =
  '{"id":"evt_1","type":"customer.updated","livemode":true,"api_version":"2024-11-20","data":{"object":{"id":"cus_1","email":"ada@new.example","balance":9007199254740993,"rate":1.0}}}';

export function testEvent(over: Partial<EventDetail> = {}): EventDetail {
  return {
    id: "42",
    jobId: "job1",
    jobName: "Stripe → Analytics",
    workspaceId: "default",
    providerKind: "stripe",
    providerLabel: "Stripe",
    providerEventId: "evt_1",
    type: "customer.updated",
    objectType: "customer",
    objectId: "cus_1",
    status: "completed",
    reason: null,
    receivedAt: "2024-11-24T08:00:00.000Z",
    occurredAt: "2024-11-24T07:59:58.600Z",
    finishedAt: "2024-11-24T08:00:00.300Z",
    attempts: 1,
    nextAttemptAt: null,
    error: null,
    sizeBytes: PAYLOAD.length,
    duplicates: 0,
    pinned: false,
    method: "POST",
    url: "https://hooks.example/api/webhooks/default/job1",
    headers: [
      ["content-type", "application/json"],
      ["stripe-signature", "t=1732435199,v1=abc"],
    ],
    rawBody: PAYLOAD,
    rawBodyBase64: null,
    bodyTruncated: false,
    operation: { kind: "upsert", collection: "customers", documentId: "cus_1" },
    operations: [{ kind: "upsert", collection: "customers", documentId: "cus_1" }],
    history: [
      {
        number: 1,
        at: "2024-11-24T08:00:00.300Z",
        executionId: "x1",
        status: "completed",
        error: null,
        answer: null,
      },
    ],
    previousOfObject: { id: "41", type: "customer.created", receivedAt: "2024-11-24T07:00:00.000Z" },
    nextOfObject: null,
    signature: {
      status: "verified",
      scheme: "HMAC-SHA256 over `{timestamp}.{body}`, hex, in the header Stripe-Signature",
      header: "stripe-signature",
      timestamp: "2024-11-24T07:59:59.000Z",
      ageSeconds: 1,
      toleranceSeconds: 300,
      matchesNow: true,
      explanation: "The signature was right when the request came in.",
    },
    changed: [{ path: ["data", "object", "email"], before: "ada@old.example" }],
    objectPath: ["data", "object"],
    ...over,
  };
}
