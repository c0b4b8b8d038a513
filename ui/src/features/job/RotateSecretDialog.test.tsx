import { fireEvent, screen, waitFor } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, it, vi } from "vitest";
import { sampleJob, sampleSource } from "../../test/overview";
import { type Answers, fakeHost, renderApp } from "../../test/render";
import { RotateSecretDialog } from "./RotateSecretDialog";

const W = "/api/workspaces/default";
const ROTATE = `POST ${W}/sync-jobs/job_a/webhook/regenerate-secret`;

function show(answers: Answers) {
  const onClose = vi.fn();
  const host = fakeHost({
    [`GET ${W}/sources`]: { sources: [sampleSource] },
    "GET /api/providers": {
      providers: [
        {
          kind: "stripe",
          label: "Stripe",
          secretHelp: "It begins with whsec_.",
          setupSteps: [],
          knownTypes: [],
        },
      ],
    },
    ...answers,
  });
  renderApp(<RotateSecretDialog job={sampleJob()} onClose={onClose} />, host);
  return { host, onClose };
}

describe("rotating a secret", () => {
  it("keeps the old one for the chosen time and shows the new one with a copy button", async () => {
    const { host, onClose } = show({
      [ROTATE]: sampleJob({ webhookSecret: "whsec_new", oldSecretValidUntil: "2026-12-01T10:00:00Z" }),
    });
    await userEvent.click(await screen.findByRole("radio", { name: "7 days" }));
    await userEvent.click(screen.getByRole("button", { name: "Make a new secret" }));
    await screen.findByText("whsec_new");
    expect(host.bodies).toEqual([{ keepOldForHours: 168 }]);
    expect(screen.getByText(/^The old secret counts until .*2026/)).toBeTruthy();
    await userEvent.click(screen.getByRole("button", { name: "Copy secret" }));
    await waitFor(() => expect(host.copied).toEqual(["whsec_new"]));
    await userEvent.click(screen.getByRole("button", { name: "Done" }));
    expect(onClose).toHaveBeenCalledOnce();
  });

  it("says that an old secret which is not kept does not count any more", async () => {
    const { host } = show({ [ROTATE]: sampleJob({ webhookSecret: "whsec_new" }) });
    await userEvent.click(await screen.findByRole("radio", { name: /^Not at all/ }));
    await userEvent.click(screen.getByRole("button", { name: "Make a new secret" }));
    await screen.findByText(/does not count any more/);
    expect(host.bodies).toEqual([{ keepOldForHours: 0 }]);
  });

  it("takes the provider's own secret and says beside the field why it cannot be one", async () => {
    const { host } = show({
      [ROTATE]: [
        422,
        { error: { code: "invalid_request", message: "this looks like an API key", field: "secret" } },
      ],
    });
    await userEvent.click(await screen.findByRole("checkbox"));
    const use = screen.getByRole("button", { name: "Use this secret" }) as HTMLButtonElement;
    expect(use.disabled).toBe(true);
    await screen.findByText("It begins with whsec_.");
    fireEvent.change(screen.getByLabelText("The new secret"), { target: { value: " sk_live_1 " } });
    await userEvent.click(use);
    await screen.findByText("This looks like an API key.");
    expect(screen.getByLabelText("The new secret").getAttribute("aria-invalid")).toBe("true");
    expect(host.bodies).toEqual([{ keepOldForHours: 24, secret: "sk_live_1" }]);
  });

  it("says what kept the secret from being replaced", async () => {
    show({
      [ROTATE]: [500, { error: { code: "secrets_unavailable", message: "the keychain is locked" } }],
    });
    await userEvent.click(await screen.findByRole("button", { name: "Make a new secret" }));
    expect((await screen.findByRole("alert")).textContent).toContain("The keychain is locked.");
  });
});
