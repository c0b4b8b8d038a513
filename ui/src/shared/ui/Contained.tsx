import { QueryErrorResetBoundary } from "@tanstack/react-query";
import { Component, type ReactNode } from "react";
import { Failed } from "./States";

interface Props {
  /** What the pane is, for the words: "event list". */
  what: string;
  /** When this changes, a pane that broke is tried again: another page, another event. */
  resetKey?: string;
  children: ReactNode;
}

/** Keeps a pane that breaks from breaking what stands beside it, and offers to try again. */
export function Contained({ what, resetKey, children }: Props) {
  return (
    <QueryErrorResetBoundary>
      {({ reset }) => (
        <Boundary what={what} {...(resetKey === undefined ? {} : { resetKey })} onReset={reset}>
          {children}
        </Boundary>
      )}
    </QueryErrorResetBoundary>
  );
}

class Boundary extends Component<Props & { onReset: () => void }, { error: unknown }> {
  override state: { error: unknown } = { error: undefined };

  static getDerivedStateFromError(error: unknown) {
    return { error };
  }

  override componentDidUpdate(before: Props) {
    if (before.resetKey !== this.props.resetKey && this.state.error !== undefined) {
      this.setState({ error: undefined });
    }
  }

  override render() {
    if (this.state.error === undefined) return this.props.children;
    const retry = () => {
      this.props.onReset();
      this.setState({ error: undefined });
    };
    return (
      <Failed title={`The ${this.props.what} cannot be shown`} error={this.state.error} onRetry={retry} />
    );
  }
}
