import { Anchor, Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { statusQuery } from "../../api/queries";
import { platform } from "../../platform";
import { readAsset } from "../../platform/assets";
import { plural } from "../../shared/format/numbers";
import { Mark } from "../../shared/ui/Mark";
import { Failed, LoadingRows } from "../../shared/ui/States";
import { type Licence, matching, parseLicences } from "./licences";
import { SettingRow, SettingRows } from "./SettingRow";
import classes from "./Settings.module.css";
import { VirtualRows } from "./VirtualRows";

const LICENCE_URL = "https://www.apache.org/licenses/LICENSE-2.0";

export function AboutSection() {
  const { data: status } = useQuery(statusQuery);
  const [shown, setShown] = useState(false);
  return (
    <SettingRows>
      <SettingRow
        label={
          <Group gap="sm" wrap="nowrap">
            <Mark size={40} />
            <Stack gap={0}>
              <Text fw={600} size="lg">
                Hookline {status?.version}
              </Text>
              <Text size="xs" c="dimmed">
                Receives webhooks and keeps your database in step with what they tell.
              </Text>
            </Stack>
          </Group>
        }
      />
      <SettingRow label="Licence" description="Free software: use it, change it, pass it on.">
        <Anchor
          component="button"
          type="button"
          size="sm"
          onClick={() => void platform().openExternal(LICENCE_URL)}
        >
          Apache License 2.0
        </Anchor>
      </SettingRow>
      <SettingRow stacked label="Made with" description="The libraries that Hookline is built from.">
        {shown ? (
          <Licences />
        ) : (
          <Button variant="default" onClick={() => setShown(true)}>
            Show libraries and their licences
          </Button>
        )}
      </SettingRow>
    </SettingRows>
  );
}

function Licences() {
  const [words, setWords] = useState("");
  const [open, setOpen] = useState<Licence>();
  const licences = useQuery({
    queryKey: ["licences"],
    // A query must not be undefined: null says that this build has no list.
    queryFn: async () => parseLicences(await readAsset("/licences.json")) ?? null,
  });
  if (licences.isPending) return <LoadingRows rows={4} />;
  if (licences.isError) {
    return <Failed title="The list could not be read" error={licences.error} onRetry={licences.refetch} />;
  }
  if (licences.data === null) {
    return (
      <Text size="sm" c="dimmed">
        This build has no list of its libraries. The sources name them in <code>Cargo.lock</code> and{" "}
        <code>package-lock.json</code>.
      </Text>
    );
  }
  const shown = matching(licences.data, words);
  return (
    <Stack gap="xs">
      <TextInput
        aria-label="Search libraries"
        placeholder={`Search ${plural(licences.data.length, "library", "libraries")}`}
        value={words}
        onChange={(event) => setWords(event.currentTarget.value)}
      />
      {shown.length === 0 ? (
        <Text size="sm" c="dimmed">
          No library has these words.
        </Text>
      ) : (
        <VirtualRows
          label="Libraries"
          items={shown}
          keyOf={({ from, name, version }) => `${from}:${name}@${version}`}
          rowHeight={28}
          maxHeight={338}
          render={(licence) => <LicenceLine licence={licence} onOpen={() => setOpen(licence)} />}
        />
      )}
      {open && <LicenceText licence={open} onClose={() => setOpen(undefined)} />}
    </Stack>
  );
}

function LicenceLine({ licence, onOpen }: { licence: Licence; onOpen: () => void }) {
  const { name, version, from } = licence;
  return (
    <>
      <Text size="sm" className={classes.name}>
        <Anchor component="button" type="button" size="sm" onClick={onOpen}>
          {name}
        </Anchor>{" "}
        <span className={classes.quiet}>{version}</span>
      </Text>
      <span className={classes.quiet}>{licence.licence}</span>
      <span className={classes.quiet} style={{ width: 32, textAlign: "right" }}>
        {from}
      </span>
    </>
  );
}

function LicenceText({ licence, onClose }: { licence: Licence; onClose: () => void }) {
  const { name, version, homepage, texts } = licence;
  return (
    <Modal opened onClose={onClose} title={`${name} ${version}`} size="xl">
      <Stack gap="sm">
        <Group justify="space-between">
          <Text size="sm">{licence.licence}</Text>
          {homepage && (
            <Anchor
              component="button"
              type="button"
              size="sm"
              onClick={() => void platform().openExternal(homepage)}
            >
              {homepage}
            </Anchor>
          )}
        </Group>
        {texts.length === 0 && (
          <Text size="sm" c="dimmed">
            The library comes without a text of its licence.
          </Text>
        )}
        {texts.map((text) => (
          <Code key={text} block className={classes.text}>
            {text}
          </Code>
        ))}
      </Stack>
    </Modal>
  );
}
