import { Button, Collapse, Group, NumberInput, PasswordInput, Select, Text, TextInput } from "@mantine/core";
import { modals } from "@mantine/modals";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useId, useState } from "react";
import { describeError } from "../../../api/client";
import { formatCount } from "../../../shared/format/numbers";
import { useUpdateTunnel } from "../../../shared/tunnel/mutations";
import { ExternalLink } from "../../../shared/ui/Linked";
import { Problem } from "../../../shared/ui/Problem";
import { Status } from "../../../shared/ui/Status";
import classes from "./Tunnel.module.css";
import type { FieldsProps } from "./TunnelForm";
import { FREE_PLAN, forgetTokenRequest, MOST } from "./values";

const TOKEN_PAGE = "https://dashboard.ngrok.com/get-started/your-authtoken";
const DOMAIN_PAGE = "https://dashboard.ngrok.com/domains";

const REGIONS: Record<string, string> = {
  us: "United States",
  eu: "Europe",
  ap: "Asia and Pacific",
  au: "Australia",
  sa: "South America",
  jp: "Japan",
  in: "India",
};

/** What ngrok needs and may be asked for. */
export function NgrokFields(props: FieldsProps) {
  const { tunnel, values, problems, onChange } = props;
  const regions = tunnel.ngrokRegions.map((region) => ({
    value: region,
    label: REGIONS[region] ? `${REGIONS[region]} (${region})` : region,
  }));
  return (
    <div className={classes.fields}>
      <Authtoken {...props} />
      <TextInput
        name="ngrokDomain"
        label="Domain"
        description={
          <>
            One of your account's domains. Empty takes the one that ngrok gives the account.{" "}
            <ExternalLink href={DOMAIN_PAGE}>Show my domains</ExternalLink>
          </>
        }
        placeholder="me.ngrok-free.dev"
        spellCheck={false}
        autoComplete="off"
        maxLength={MOST.domain}
        value={values.ngrokDomain}
        error={problems.ngrokDomain}
        onChange={(event) => onChange({ ngrokDomain: event.currentTarget.value })}
      />
      <Select
        name="ngrokRegion"
        label="Region"
        description="Where webhooks enter ngrok's network."
        data={[{ value: "", label: "The nearest" }, ...regions]}
        allowDeselect={false}
        value={values.ngrokRegion}
        error={problems.ngrokRegion}
        onChange={(region) => onChange({ ngrokRegion: region ?? "" })}
      />
      <Plan {...props} />
    </div>
  );
}

function Authtoken({ tunnel, values, problems, onChange }: FieldsProps) {
  const { ngrokAuthtoken: kept } = tunnel.settings;
  const [replacing, setReplacing] = useState(false);
  const forget = useUpdateTunnel();
  const isTyped = !kept || (kept === "stored" && replacing);
  const confirm = () =>
    modals.openConfirmModal({
      title: "Forget the authtoken?",
      children: (
        <Text size="sm">
          Hookline cannot connect ngrok without it, and an ngrok tunnel that runs now is disconnected. You can
          copy it anew from ngrok's dashboard.
        </Text>
      ),
      closeButtonProps: { "aria-label": "Close" },
      labels: { confirm: "Forget authtoken", cancel: "Cancel" },
      confirmProps: { color: "red", "data-autofocus": true },
      onConfirm: () => {
        setReplacing(false);
        onChange({ ngrokAuthtoken: "" });
        forget.mutate(forgetTokenRequest(tunnel.settings));
      },
    });
  if (isTyped) {
    return (
      <Group gap="xs" align="flex-end" wrap="nowrap">
        <PasswordInput
          name="ngrokAuthtoken"
          label={kept ? "New authtoken" : "Authtoken"}
          description={
            <>
              Kept with Hookline's other secrets and never shown again.{" "}
              <ExternalLink href={TOKEN_PAGE}>Copy it from ngrok's dashboard</ExternalLink>
            </>
          }
          flex={1}
          required={!kept}
          autoComplete="off"
          spellCheck={false}
          maxLength={MOST.token}
          value={values.ngrokAuthtoken}
          error={problems.ngrokAuthtoken}
          aria-invalid={problems.ngrokAuthtoken ? true : undefined}
          onChange={(event) => onChange({ ngrokAuthtoken: event.currentTarget.value })}
          autoFocus={replacing}
        />
        {kept && (
          <Button
            variant="default"
            onClick={() => {
              setReplacing(false);
              onChange({ ngrokAuthtoken: "" });
            }}
          >
            Keep the stored one
          </Button>
        )}
      </Group>
    );
  }
  return (
    <section aria-label="Authtoken">
      <Text size="xs" fw={500}>
        Authtoken
      </Text>
      <Group gap="xs">
        <Status tone="ok">{kept === "stored" ? "Stored" : "From NGROK_AUTHTOKEN"}</Status>
        {kept === "stored" ? (
          <>
            <Button variant="default" size="compact-xs" onClick={() => setReplacing(true)}>
              Replace
            </Button>
            <Button variant="default" size="compact-xs" loading={forget.isPending} onClick={confirm}>
              Forget…
            </Button>
          </>
        ) : (
          <Text size="xs" c="dimmed">
            Hookline was started with it. Start it without that variable to keep one here.
          </Text>
        )}
      </Group>
      {forget.error && <Problem title="It was not forgotten" {...describeError(forget.error)} />}
    </section>
  );
}

function Plan({ values, problems, onChange }: FieldsProps) {
  const id = useId();
  const [opened, setOpened] = useState(false);
  // What is wrong must not be hidden.
  const shown = opened || Boolean(problems.ngrokMonthlyRequests) || Boolean(problems.ngrokMonthlyMegabytes);
  const numeric = (value: number | string) => (value === "" ? "" : Number(value));
  return (
    <div>
      <Button
        variant="subtle"
        size="compact-sm"
        aria-expanded={shown}
        aria-controls={id}
        leftSection={shown ? <IconChevronDown size={14} /> : <IconChevronRight size={14} />}
        onClick={() => setOpened(!shown)}
      >
        Plan
      </Button>
      <Collapse expanded={shown} id={id} keepMountedMode="display-none">
        <Text size="xs" c="dimmed" my={8}>
          What your plan allows in a month. Hookline warns from 80 % on; beyond it ngrok refuses webhooks.
          Empty counts with the free plan.
        </Text>
        <Group gap="md" align="flex-start">
          <NumberInput
            name="ngrokMonthlyRequests"
            label="Requests a month"
            placeholder={formatCount(FREE_PLAN.requests)}
            min={1}
            max={MOST.number}
            allowDecimal={false}
            allowNegative={false}
            thousandSeparator=","
            value={values.ngrokMonthlyRequests}
            error={problems.ngrokMonthlyRequests}
            onChange={(value) => onChange({ ngrokMonthlyRequests: numeric(value) })}
          />
          <NumberInput
            name="ngrokMonthlyMegabytes"
            label="Answered megabytes a month"
            placeholder={formatCount(FREE_PLAN.megabytes)}
            min={1}
            max={MOST.number}
            allowDecimal={false}
            allowNegative={false}
            thousandSeparator=","
            value={values.ngrokMonthlyMegabytes}
            error={problems.ngrokMonthlyMegabytes}
            onChange={(value) => onChange({ ngrokMonthlyMegabytes: numeric(value) })}
          />
        </Group>
      </Collapse>
    </div>
  );
}
