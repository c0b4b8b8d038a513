import { screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it } from "vitest";
import { fakeHost, renderApp } from "../../test/render";
import { JsonDiff } from "./JsonDiff";
import { JsonEditor } from "./JsonEditor";
import { JsonView } from "./JsonView";

const shown = (label: string) => screen.getByLabelText(label).textContent;

describe("the JSON view", () => {
  it("shows numbers as they were sent", async () => {
    renderApp(<JsonView text='{"id":9007199254740993,"rate":1.0}' label="Payload" />, fakeHost({}));
    await screen.findByLabelText("Payload");
    expect(shown("Payload")).toContain('"id": 9007199254740993');
    expect(shown("Payload")).toContain('"rate": 1.0');
  });

  it("marks what changed and says what it was", async () => {
    renderApp(
      <JsonView text='{"email":"new"}' label="Payload" changed={[{ path: ["email"], before: "old" }]} />,
      fakeHost({}),
    );
    await screen.findByLabelText("Payload");
    const line = document.querySelector(".cm-hl-changed");
    expect(line?.textContent).toContain('"email": "new"');
    expect(line?.textContent).toContain('was: "old"');
  });

  it("starts folded at the depth asked for, and says how much is hidden", async () => {
    renderApp(<JsonView text='{"a":{"b":1,"c":2},"d":[1]}' label="Payload" initialFold={1} />, fakeHost({}));
    await screen.findByText("2 keys");
    expect(screen.getByText("1 item")).toBeTruthy();
    expect(shown("Payload")).not.toContain('"b"');
    await userEvent.click(screen.getByRole("button", { name: "Unfold all" }));
    expect(shown("Payload")).toContain('"b": 1');
    await userEvent.click(screen.getByRole("button", { name: "Fold all" }));
    expect(shown("Payload")).not.toContain('"b"');
  });

  it("does not hide what changed", async () => {
    renderApp(
      <JsonView
        text='{"a":{"b":1},"c":{"d":2}}'
        label="Payload"
        initialFold={1}
        changed={[{ path: ["a", "b"], before: 0 }]}
      />,
      fakeHost({}),
    );
    await screen.findByText("1 key");
    expect(shown("Payload")).toContain('"b": 1');
    expect(shown("Payload")).not.toContain('"d"');
  });

  it("finds within what is folded, counts, and copies path and value of the match", async () => {
    const host = fakeHost({});
    renderApp(
      <JsonView text='{"x":{"id":"si_1"},"y":{"id":"si_2"}}' label="Payload" initialFold={1} />,
      host,
    );
    await screen.findAllByText("1 key");
    await userEvent.type(screen.getByLabelText("Search in this text"), "SI_");
    await screen.findByText("1 of 2");
    await userEvent.keyboard("{Enter}");
    await screen.findByText("2 of 2");
    expect(shown("Payload")).toContain("si_2");
    await screen.findByText("y.id");
    await userEvent.click(screen.getByRole("button", { name: "Copy path" }));
    await userEvent.click(screen.getByRole("button", { name: "Copy value" }));
    await waitFor(() => expect(host.copied).toEqual(["y.id", "si_2"]));
  });

  it("finds words in a text whose lines end as Windows ends them", async () => {
    const lines = Array.from({ length: 200 }, (_, index) => `line ${index}`);
    renderApp(<JsonView text={`${lines.join("\r\n")}\r\nneedle`} label="Form" />, fakeHost({}));
    await userEvent.type(await screen.findByLabelText("Search in this text"), "needle");
    await screen.findByText("1 of 1");
    await waitFor(() => expect(document.querySelector(".cm-hl-match-now")?.textContent).toBe("needle"));
  });

  it("shows what is no JSON as it is, and says why when it was meant to be some", async () => {
    renderApp(<JsonView text="grant_type=x&code=1" label="Form" />, fakeHost({}));
    await screen.findByLabelText("Form");
    expect(shown("Form")).toContain("grant_type=x&code=1");
    expect(screen.queryByText(/not JSON/)).toBeNull();
    renderApp(<JsonView text={'{"a":'} label="Broken" />, fakeHost({}));
    await screen.findByText(/This is not JSON: line 1, column 6/);
    expect(shown("Broken")).toContain('{"a":');
  });
});

describe("the JSON editor", () => {
  it("says where the text stops being JSON", async () => {
    renderApp(<JsonEditor value={'{\n  "a": 1,\n}'} label="Payload" onChange={() => {}} />, fakeHost({}));
    await screen.findByText('Line 3, column 1: unexpected "}" where a key in double quotes is due.');
    await waitFor(() => expect(document.querySelector(".cm-hl-error")?.textContent).toBe("}"));
  });
});

describe("the comparison", () => {
  it("shows old and new, and no difference of white space", async () => {
    renderApp(<JsonDiff before='{"a":1,"b":2}' after='{"a":1, "b":3}' label="Differences" />, fakeHost({}));
    await screen.findByLabelText("Differences");
    expect(document.querySelector(".cm-deletedChunk")?.textContent).toContain('"b": 2');
    expect(document.querySelector(".cm-changedLine")?.textContent).toContain('"b": 3');
  });

  it("says when there is no difference", async () => {
    renderApp(<JsonDiff before='{"a":1}' after='{ "a": 1 }' label="Differences" />, fakeHost({}));
    await screen.findByText("The two are the same.");
  });
});
