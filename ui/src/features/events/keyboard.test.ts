import { describe, expect, it } from "vitest";
import { focusOf, keyCommand } from "./keyboard";

const key = (name: string, over: Partial<KeyboardEvent> = {}) => ({
  key: name,
  ctrlKey: false,
  metaKey: false,
  altKey: false,
  shiftKey: false,
  ...over,
});

describe("a key", () => {
  it("moves, opens and selects in the list", () => {
    expect(keyCommand(key("j"), "list")).toBe("down");
    expect(keyCommand(key("ArrowUp"), "list")).toBe("up");
    expect(keyCommand(key("Enter"), "list")).toBe("open");
    expect(keyCommand(key(" "), "list")).toBe("toggle");
    expect(keyCommand(key(" ", { shiftKey: true }), "list")).toBe("range");
    expect(keyCommand(key("ArrowDown", { shiftKey: true }), "list")).toBe("extendDown");
    expect(keyCommand(key("G", { shiftKey: true }), "elsewhere")).toBe("bottom");
  });

  it("is left to a button that has the focus where the button has a use for it", () => {
    for (const name of ["Enter", " ", "ArrowDown", "Home"]) {
      expect(keyCommand(key(name), "control")).toBeUndefined();
    }
    expect(keyCommand(key("j"), "control")).toBe("down");
  });

  it("is left to the pane, but for moving on and closing", () => {
    expect(keyCommand(key("r"), "pane")).toBeUndefined();
    expect(keyCommand(key("c"), "pane")).toBeUndefined();
    expect(keyCommand(key("Enter"), "pane")).toBeUndefined();
    expect(keyCommand(key("j"), "pane")).toBe("down");
    expect(keyCommand(key("Escape"), "pane")).toBe("escape");
  });

  it("with a modifier is the browser's, but for selecting all in the list", () => {
    expect(keyCommand(key("r", { ctrlKey: true }), "list")).toBeUndefined();
    expect(keyCommand(key("c", { metaKey: true }), "list")).toBeUndefined();
    expect(keyCommand(key("j", { altKey: true }), "list")).toBeUndefined();
    expect(keyCommand(key("a", { ctrlKey: true }), "list")).toBe("selectAll");
    expect(keyCommand(key("a", { ctrlKey: true }), "pane")).toBeUndefined();
  });
});

describe("where a key goes", () => {
  const within = (html: string): Element => {
    document.body.innerHTML = html;
    const target = document.querySelector("[data-target]");
    if (!target) throw new Error("no target");
    return target;
  };

  it("is nowhere while somebody types or a dialog is open", () => {
    for (const html of [
      "<input data-target>",
      "<textarea data-target></textarea>",
      "<div contenteditable='true'><b data-target>a</b></div>",
      "<div class='cm-editor'><div data-target></div></div>",
      "<div role='dialog'><button data-target></button></div>",
      "<div role='menu'><button data-target></button></div>",
    ]) {
      expect(focusOf(within(html))).toBeUndefined();
    }
  });

  it("is the list, a control, the pane or elsewhere", () => {
    expect(focusOf(within("<div data-event-list data-target></div>"))).toBe("list");
    expect(focusOf(within("<div data-event-list><button data-target></button></div>"))).toBe("control");
    expect(focusOf(within("<div data-event-pane><button data-target></button></div>"))).toBe("pane");
    expect(focusOf(document.body)).toBe("elsewhere");
  });
});
