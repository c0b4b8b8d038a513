import { afterEach, expect, it, vi } from "vitest";
import { readServerSentEvents } from "./serverSentEvents";

const utf8 = new TextEncoder();

/** A body that comes in these chunks and then ends. */
const bodyOf = (...chunks: (string | Uint8Array)[]): ReadableStream<Uint8Array> =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? utf8.encode(chunk) : chunk);
      controller.close();
    },
  });

async function messagesOf(...chunks: (string | Uint8Array)[]): Promise<string[]> {
  const messages: string[] = [];
  await readServerSentEvents(bodyOf(...chunks), 1000, (data) => messages.push(data));
  return messages;
}

afterEach(() => vi.useRealTimers());

it("a message ends at the empty line", async () => {
  expect(await messagesOf("data: a\n\ndata: b\n\n")).toEqual(["a", "b"]);
});

it("a message that is cut at any place is the same message", async () => {
  const whole = 'id: 1\nevent: changes\r\ndata: [{"what":"events"}]\r\n\r\ndata: é\n\n: ping\n\n';
  const bytes = utf8.encode(whole);
  for (let at = 0; at <= bytes.length; at += 1) {
    expect(await messagesOf(bytes.slice(0, at), bytes.slice(at)), `cut at ${at}`).toEqual([
      '[{"what":"events"}]',
      "é",
    ]);
  }
});

it("a message that comes byte by byte is the same message", async () => {
  const bytes = utf8.encode("data: one\r\rdata: two\r\n\r\n");
  expect(await messagesOf(...[...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(["one", "two"]);
});

it("comments and other fields are no data", async () => {
  expect(await messagesOf(": keep-alive\n\nid: 7\nretry: 100\nevent: x\n\ndata: a\n\n")).toEqual(["a"]);
});

it("several lines of data are one message", async () => {
  expect(await messagesOf("data: a\ndata:b\ndata:  c\n\n")).toEqual(["a\nb\n c"]);
});

it("empty data are a message, no data are none", async () => {
  expect(await messagesOf("data:\n\n\n\n")).toEqual([""]);
});

it("a message without its empty line is not complete", async () => {
  expect(await messagesOf("data: a\n\ndata: b\n")).toEqual(["a"]);
});

it("silence ends the reading, and any byte breaks the silence", async () => {
  vi.useFakeTimers();
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const cancelled = vi.fn();
  const body = new ReadableStream<Uint8Array>({
    start: (given) => {
      controller = given;
    },
    cancel: cancelled,
  });
  const outcome = vi.fn();
  readServerSentEvents(body, 1000, () => {}).then(outcome, outcome);

  await vi.advanceTimersByTimeAsync(900);
  controller?.enqueue(utf8.encode(": ping\n\n"));
  await vi.advanceTimersByTimeAsync(900);
  expect(outcome).not.toHaveBeenCalled();
  await vi.advanceTimersByTimeAsync(200);

  expect(outcome).toHaveBeenCalledWith(new Error("the stream is silent"));
  expect(cancelled).toHaveBeenCalled();
});

it("a listener that throws ends the reading and lets the connection go", async () => {
  const cancelled = vi.fn();
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(utf8.encode("data: no JSON\n\n")),
    cancel: cancelled,
  });
  await expect(
    readServerSentEvents(body, 1000, (data) => {
      JSON.parse(data);
    }),
  ).rejects.toThrow(SyntaxError);
  expect(cancelled).toHaveBeenCalled();
});
