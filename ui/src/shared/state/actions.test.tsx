import { act, render, renderHook } from "@testing-library/react";
import { expect, it, vi } from "vitest";
import { type Action, runAction, useActions, useAllActions } from "./actions";

const action = (id: string, run = () => {}): Action => ({ id, label: id, group: "Test", run });

function Offers({ actions }: { actions: Action[] }) {
  useActions(actions);
  return null;
}

it("what is offered is there as long as who offers it is shown, the newest first", () => {
  const { result } = renderHook(() => useAllActions());
  const ids = () => result.current.map(({ id }) => id);

  const app = render(<Offers actions={[action("app.1"), action("app.2")]} />);
  const page = render(<Offers actions={[action("page.1")]} />);
  expect(ids()).toEqual(["page.1", "app.1", "app.2"]);

  page.unmount();
  expect(ids()).toEqual(["app.1", "app.2"]);
  app.unmount();
  expect(ids()).toEqual([]);
});

it("an offer that changes replaces the one before", () => {
  const { result } = renderHook(() => useAllActions());
  const shown = render(<Offers actions={[action("replay.1")]} />);
  shown.rerender(<Offers actions={[action("replay.2")]} />);
  expect(result.current.map(({ id }) => id)).toEqual(["replay.2"]);
});

it("an action runs by its id while it is offered; otherwise nothing happens", () => {
  const run = vi.fn();
  const shown = render(<Offers actions={[action("job.new", run)]} />);
  act(() => runAction("job.new"));
  act(() => runAction("unknown"));
  expect(run).toHaveBeenCalledTimes(1);
  shown.unmount();
  act(() => runAction("job.new"));
  expect(run).toHaveBeenCalledTimes(1);
});

it("the page's action goes before one of the app with the same id", () => {
  const [ofApp, ofPage] = [vi.fn(), vi.fn()];
  render(<Offers actions={[action("go", ofApp)]} />);
  render(<Offers actions={[action("go", ofPage)]} />);
  act(() => runAction("go"));
  expect(ofPage).toHaveBeenCalledOnce();
  expect(ofApp).not.toHaveBeenCalled();
});
