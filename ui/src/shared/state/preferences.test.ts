import { act, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { setPlatformForTests } from "../../platform";
import { type Preferences, preferenceDefaults } from "../../platform/types";
import { fakeHost } from "../../test/render";
import { loadPreferences, preferences, setPreference, usePreference } from "./preferences";

function host(stored: Partial<Preferences> | Error, set = vi.fn(async () => {})) {
  setPlatformForTests({
    ...fakeHost({}),
    preferences: {
      load: async () => {
        if (stored instanceof Error) throw stored;
        return { ...preferenceDefaults, ...stored };
      },
      set,
    },
  });
  return set;
}

it("are what the host kept", async () => {
  host({ colorScheme: "dark", keepReceivingWhenClosed: false });
  await loadPreferences();
  expect(preferences()).toEqual({
    ...preferenceDefaults,
    colorScheme: "dark",
    keepReceivingWhenClosed: false,
  });
});

it("have their defaults when the host cannot give them", async () => {
  host(new Error("the file is damaged"));
  await loadPreferences();
  expect(preferences()).toEqual(preferenceDefaults);
});

it("hold at once wherever they are shown, and are kept by the host", async () => {
  const set = host({});
  await loadPreferences();
  const scheme = renderHook(() => usePreference("colorScheme"));
  const width = renderHook(() => usePreference("eventPaneWidth"));

  act(() => setPreference("colorScheme", "light"));

  expect(scheme.result.current).toBe("light");
  expect(width.result.current).toBe(preferenceDefaults.eventPaneWidth);
  expect(set).toHaveBeenCalledWith("colorScheme", "light");
});

it("hold even when they cannot be kept", async () => {
  host(
    {},
    vi.fn(() => Promise.reject(new Error("the disk is full"))),
  );
  await loadPreferences();
  act(() => setPreference("keepReceivingWhenClosed", false));
  await Promise.resolve();
  expect(preferences().keepReceivingWhenClosed).toBe(false);
});
