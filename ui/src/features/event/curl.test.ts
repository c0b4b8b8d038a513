import { execFileSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { curlCommand, shellQuote } from "./curl";

const URL = "http://127.0.0.1:4400/api/webhooks/default/job1";

const request = (over: object) => ({
  method: "POST",
  url: "http://old.example/api/webhooks/default/job1",
  headers: [["content-type", "application/json"]],
  rawBody: "{}",
  rawBodyBase64: null,
  bodyTruncated: false,
  sizeBytes: 2,
  ...over,
});

/** What a POSIX shell makes of the command: the arguments of `curl`, and what comes through the pipe. */
function runInShell(command: string): { args: string[]; input: string } {
  const output = execFileSync(
    "/bin/sh",
    ["-c", `curl() { for a in "$@"; do printf '%s\\0' "$a"; done; printf '\\1'; cat; }\n${command}`],
    { input: "", encoding: "latin1" },
  );
  const [args = "", input = ""] = output.split("\u0001");
  return { args: args.split("\0").slice(0, -1), input };
}

/** Text as the bytes of its UTF-8, one character each. */
const utf8 = (text: string) => Buffer.from(text).toString("latin1");

describe("the cURL command", () => {
  it("sends the same bytes and headers to the job's URL", () => {
    const body = `{"name":"O'Neill & \\"sons\\"","note":"$HOME \`id\` \\\\ !x","emoji":"🎣",\n "n":1.0}`;
    const { args } = runInShell(
      curlCommand(
        request({
          headers: [
            ["content-type", "application/json"],
            ["stripe-signature", "t=1,v1=abc"],
            ["x-note", "it's $5"],
          ],
          rawBody: body,
        }),
        URL,
      ),
    );
    expect(args).toEqual([
      URL,
      "-X",
      "POST",
      "-H",
      "content-type: application/json",
      "-H",
      "stripe-signature: t=1,v1=abc",
      "-H",
      "x-note: it's $5",
      "--data-binary",
      utf8(body),
    ]);
  });

  it("leaves out what belongs to one connection", () => {
    const command = curlCommand(
      request({
        headers: [
          ["Host", "old.example"],
          ["Content-Length", "2"],
          ["connection", "close"],
          ["transfer-encoding", "chunked"],
          ["content-type", "text/plain"],
          ["x-empty", ""],
        ],
      }),
      URL,
    );
    expect(runInShell(command).args.filter((_, index, all) => all[index - 1] === "-H")).toEqual([
      "content-type: text/plain",
      "x-empty;",
    ]);
  });

  it("keeps curl from claiming a content type that there was not", () => {
    expect(runInShell(curlCommand(request({ headers: [] }), URL)).args).toContain("content-type:");
  });

  it("pipes bytes that cannot stand on a command line", () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x00, 0x41]);
    const command = curlCommand(request({ rawBody: null, rawBodyBase64: bytes.toString("base64") }), URL);
    const { args, input } = runInShell(command);
    expect(args.slice(-2)).toEqual(["--data-binary", "@-"]);
    expect(input).toBe(bytes.toString("latin1"));
  });

  it.each([
    ["control characters", "a\tb\u001b[0m"],
    ["what curl would take for a file's name", "@/etc/passwd"],
    ["more than an argument may have", JSON.stringify({ long: "é".repeat(60_000) })],
  ])("pipes %s", (_what, body) => {
    const command = curlCommand(request({ rawBody: body }), URL);
    expect(command).toContain("--data-binary @-");
    const encoded = /^printf '%s' '([^']*)' \| base64 -d \| curl /.exec(command)?.[1] ?? "";
    expect(Buffer.from(encoded, "base64").toString()).toBe(body);
  });

  it("keeps the query, which some providers sign", () => {
    const command = curlCommand(request({ url: "https://x.example/hook?a=1&b=2" }), URL);
    expect(runInShell(command).args[0]).toBe(`${URL}?a=1&b=2`);
  });

  it("does not hold the secret that is not shown either", () => {
    const command = curlCommand(
      request({ headers: [["x-gitlab-token", "(hidden: it is the secret itself)"]] }),
      URL,
    );
    expect(command).toContain("'x-gitlab-token: PUT-THE-SECRET-HERE'");
  });
});

describe("quoting for shells", () => {
  it("gives back every text as it was", () => {
    for (const text of ["", "'", "''", "a'b'c", '$(id) `id` \\ " * ~ !! \n end\n', "-n", "é🎣"]) {
      const output = execFileSync("/bin/sh", ["-c", `printf '%s' ${shellQuote(text)}`], { encoding: "utf8" });
      expect(output).toBe(text);
    }
  });
});
