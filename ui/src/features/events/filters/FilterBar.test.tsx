import { act, screen, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { filters, open, rowOf } from "../../../test/eventsPage";
import { testEvent } from "../testEvents";

describe("filters", () => {
  it("stand in the address and are asked for", async () => {
    const { user, search, host } = open({
      table: [testEvent(3, { status: "failed" }), testEvent(2), testEvent(1)],
    });
    await rowOf(3);
    await user.click(screen.getByRole("button", { name: "Status" }));
    await user.click(await screen.findByRole("option", { name: /Failed/ }));
    await waitFor(() => expect(search().status).toEqual(["failed"]));
    await waitFor(() => expect(document.querySelectorAll("[data-index]")).toHaveLength(1));
    expect(host.requests.some((request) => request.includes("status=failed"))).toBe(true);
  });

  it("take types that no provider is known to send", async () => {
    const { user, search } = open();
    await rowOf(30);
    await user.click(screen.getByRole("button", { name: "Type" }));
    await user.type(await screen.findByRole("combobox", { name: "Event type" }), "order.*{Enter}");
    await waitFor(() => expect(search().type).toEqual(["order.*"]));
  });

  it("of time are tried with the arrows, and chosen with Enter or by pressing them", async () => {
    const { user, search } = open();
    await rowOf(30);
    await user.click(filters().getByRole("button", { name: "Time" }));
    const any = await screen.findByRole("radio", { name: "Any time" });
    act(() => any.focus());
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(search().range).toBe("15m"));
    await user.keyboard("{ArrowDown}");
    await waitFor(() => expect(search().range).toBe("1h"));
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByRole("radio")).toBeNull());
    await user.click(screen.getByRole("button", { name: "Time: Last hour" }));
    await user.click(await screen.findByRole("radio", { name: "Last 7 days" }));
    await waitFor(() => expect(search().range).toBe("7d"));
    await waitFor(() => expect(screen.queryByRole("radio")).toBeNull());
  });

  it("give the focus on when they are taken away", async () => {
    const { user } = open({}, "/events?range=1h&object=cus_30");
    await rowOf(30);
    await user.click(screen.getByRole("button", { name: "Remove the filter time: Last hour" }));
    await waitFor(() => expect(document.activeElement).toBe(filters().getByRole("button", { name: "Time" })));
    await user.click(screen.getByRole("button", { name: "Remove the filter object: cus_30" }));
    await waitFor(() => expect(document.activeElement).toBe(screen.getByRole("grid")));
  });

  it("are cleared at once, and an empty list says so", async () => {
    const { user, search } = open({}, "/events?status=%5B%22rejected%22%5D&q=nothing");
    expect(await screen.findByText("No event matches")).toBeTruthy();
    const [button] = screen.getAllByRole("button", { name: "Clear filters" });
    await user.click(button as HTMLElement);
    await waitFor(() => expect(search()).toEqual({}));
    expect(await rowOf(30)).toBeTruthy();
  });

  it("keep what is selected", async () => {
    const { user } = open();
    await rowOf(30);
    await user.keyboard("jx");
    await user.keyboard("/29");
    await waitFor(() => expect(document.querySelectorAll("[data-index]")).toHaveLength(1));
    expect(screen.getByText("1 selected")).toBeTruthy();
  });
});
