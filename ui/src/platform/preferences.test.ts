import { beforeEach, expect, it } from "vitest";
import { localPreferences } from "./preferences";
import { preferenceDefaults } from "./types";

beforeEach(() => localStorage.clear());

it("what was never set has its default", async () => {
  expect(await localPreferences().load()).toEqual(preferenceDefaults);
});

it("what was set is there after a reload, and the rest has its default", async () => {
  await localPreferences().set("colorScheme", "dark");
  await localPreferences().set("eventPaneWidth", 400);
  expect(await localPreferences().load()).toEqual({
    ...preferenceDefaults,
    colorScheme: "dark",
    eventPaneWidth: 400,
  });
});

it("another program's text under the key is not a failure", async () => {
  for (const text of ["{", "null", "7", '"text"', "[]"]) {
    localStorage.setItem("hookline.preferences", text);
    const loaded = await localPreferences().load();
    expect(loaded, text).toMatchObject(preferenceDefaults);
  }
});

it("a value of another type has its default", async () => {
  localStorage.setItem(
    "hookline.preferences",
    JSON.stringify({
      colorScheme: 7,
      hiddenEventColumns: "size",
      eventPaneWidth: "wide",
      keepReceivingWhenClosed: false,
    }),
  );
  expect(await localPreferences().load()).toEqual({ ...preferenceDefaults, keepReceivingWhenClosed: false });
});
