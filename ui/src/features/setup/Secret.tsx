/** The signing secret: hidden until asked for, to be copied or to be replaced by the provider's own. */
import {
  ActionIcon,
  Button,
  Group,
  PasswordInput,
  Text,
  Tooltip,
  UnstyledButton,
  VisuallyHidden,
} from "@mantine/core";
import {
  IconCheck,
  IconChevronDown,
  IconChevronRight,
  IconCopy,
  IconEye,
  IconEyeOff,
} from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { describeError } from "../../api/client";
import type { ProviderInfo } from "../../api/schema";
import { issuesSecret } from "../../shared/provider/providers";
import { copy } from "../../shared/state/copy";
import { toastError } from "../../shared/state/toasts";
import { Prose } from "../../shared/ui/Prose";
import { Status } from "../../shared/ui/Status";
import { readSecret, saveSecret } from "./queries";
import classes from "./Setup.module.css";

interface SecretProps {
  jobId: string;
  provider: ProviderInfo;
}

export function Secret({ jobId, provider }: SecretProps) {
  // A new secret makes the one on the screen old: what shows it is made anew.
  const [version, setVersion] = useState(0);
  const onSaved = () => setVersion((now) => now + 1);
  if (issuesSecret(provider.kind)) {
    return (
      <>
        <PasteSecret
          jobId={jobId}
          label={`Paste the signing secret that ${provider.label} shows`}
          help={provider.secretHelp}
          onSaved={onSaved}
        />
        <Text size="xs" c="dimmed">
          {version > 0
            ? "The secret that counts now."
            : `The secret that counts now. Until you paste ${provider.label}'s own, it is one that Hookline made, and only test webhooks are accepted.`}
        </Text>
        <Shown key={version} jobId={jobId} />
      </>
    );
  }
  return (
    <>
      <Text size="sm">Give this secret to {provider.label}.</Text>
      <Shown key={version} jobId={jobId} />
      <Text size="xs" c="dimmed">
        <Prose>{provider.secretHelp}</Prose>
      </Text>
      <Fold label="Use another secret">
        <PasteSecret
          jobId={jobId}
          label={`The secret that ${provider.label} signs with`}
          help="It takes the place of the one above at once."
          onSaved={onSaved}
        />
      </Fold>
    </>
  );
}

function Fold({ label, children }: { label: string; children: React.ReactNode }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <UnstyledButton aria-expanded={open} onClick={() => setOpen(!open)} fz="sm">
        <Group gap={4}>
          {open ? <IconChevronDown size={14} aria-hidden /> : <IconChevronRight size={14} aria-hidden />}
          {label}
        </Group>
      </UnstyledButton>
      {open && children}
    </>
  );
}

/** The secret behind dots. It is asked for when it is to be shown or copied, and forgotten when hidden. */
function Shown({ jobId }: { jobId: string }) {
  const [copied, setCopied] = useState(false);
  const reveal = useMutation({ mutationFn: () => readSecret(jobId), gcTime: 0 });
  const secret = reveal.data;
  const copySecret = async () => {
    try {
      setCopied(await copy(secret ?? (await readSecret(jobId)), "signing secret", { quiet: true }));
    } catch (error) {
      toastError("The signing secret could not be read", error);
    }
  };
  const isShown = secret !== undefined;
  const showLabel = isShown ? "Hide the signing secret" : "Show the signing secret";
  const copyLabel = copied ? "Copied" : "Copy signing secret";
  return (
    <div>
      <div className={classes.value}>
        {isShown ? (
          <code>{secret}</code>
        ) : (
          <code>
            <span aria-hidden>••••••••••••••••</span>
            <VisuallyHidden>The signing secret is hidden</VisuallyHidden>
          </code>
        )}
        <Tooltip label={showLabel}>
          <ActionIcon
            aria-label={showLabel}
            loading={reveal.isPending}
            onClick={() => (isShown ? reveal.reset() : reveal.mutate())}
          >
            {isShown ? <IconEyeOff size={14} /> : <IconEye size={14} />}
          </ActionIcon>
        </Tooltip>
        <Tooltip label={copyLabel}>
          <ActionIcon aria-label={copyLabel} onClick={copySecret} onBlur={() => setCopied(false)}>
            {copied ? <IconCheck size={14} color="var(--hl-ok)" /> : <IconCopy size={14} />}
          </ActionIcon>
        </Tooltip>
      </div>
      {reveal.isError && (
        <Text size="sm" c="var(--hl-bad)" role="alert" mt={4}>
          {describeError(reveal.error).message} {describeError(reveal.error).hint}
        </Text>
      )}
    </div>
  );
}

interface PasteSecretProps {
  jobId: string;
  label: string;
  help: string;
  onSaved: () => void;
}

function PasteSecret({ jobId, label, help, onSaved }: PasteSecretProps) {
  const [typed, setTyped] = useState("");
  const save = useMutation({
    mutationFn: (secret: string) => saveSecret(jobId, secret),
    gcTime: 0,
    onSuccess: () => {
      setTyped("");
      onSaved();
    },
  });
  const problem = save.isError ? describeError(save.error) : null;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (typed !== "" && !save.isPending) save.mutate(typed);
  };
  return (
    <form onSubmit={submit}>
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <PasswordInput
          label={label}
          description={<Prose>{help}</Prose>}
          value={typed}
          onChange={(event) => {
            setTyped(event.currentTarget.value);
            save.reset();
          }}
          error={problem !== null}
          {...(problem ? { "aria-describedby": `${jobId}-secret-problem` } : {})}
          autoComplete="off"
          spellCheck={false}
          visibilityToggleButtonProps={{ "aria-label": "Show what is typed" }}
          flex={1}
        />
        <Button type="submit" variant="default" disabled={typed === ""} loading={save.isPending}>
          Save secret
        </Button>
      </Group>
      {problem && (
        <Text size="sm" c="var(--hl-bad)" role="alert" mt={4} id={`${jobId}-secret-problem`}>
          <Prose>{problem.message}</Prose>
          {/* For a secret of the wrong kind the hint is the help above. */}
          {problem.hint !== help && ` ${problem.hint ?? ""}`}
        </Text>
      )}
      {save.isSuccess && (
        <div role="status">
          <Status tone="ok">Saved: what is signed with it is accepted from now on</Status>
        </div>
      )}
    </form>
  );
}
