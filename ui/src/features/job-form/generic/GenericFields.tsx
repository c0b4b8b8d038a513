/** How a sender that Hookline does not know signs its requests and writes its events. */
import {
  Checkbox,
  Input,
  NumberInput,
  SegmentedControl,
  Select,
  TagsInput,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import type { ReactNode } from "react";
import { useJobFormContext } from "../form";
import classes from "../JobForm.module.css";
import { PlaceField } from "./PlaceField";
import type { GenericValues } from "./spec";

const PATH = "source.generic";

/** The generic values in the form, and how to change one. */
export function useGeneric() {
  const form = useJobFormContext();
  return {
    values: form.values.source.generic,
    props: (field: keyof GenericValues) => form.getInputProps(`${PATH}.${field}`),
    set: (changes: Partial<GenericValues>) =>
      form.setFieldValue(PATH, { ...form.values.source.generic, ...changes }),
    error: (field: keyof GenericValues) => form.errors[`${PATH}.${field}`],
  };
}

const mono = { input: { fontFamily: "var(--mantine-font-family-monospace)" } };
const plain = { autoComplete: "off", spellCheck: false, styles: mono } as const;

export function GenericFields() {
  return (
    <>
      <Signature />
      <Event />
      <SyncedObject />
    </>
  );
}

function Part({ title, help, children }: { title: string; help: string; children: ReactNode }) {
  return (
    <>
      <div>
        <Title order={3}>{title}</Title>
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      </div>
      {children}
    </>
  );
}

function Choice<Field extends "mode" | "layout" | "timestamp">({
  field,
  label,
  data,
}: {
  field: Field;
  label: string;
  data: { value: GenericValues[Field]; label: string }[];
}) {
  const { values, set } = useGeneric();
  return (
    <div>
      <Input.Label size="xs" labelElement="div" display="block" mb={2}>
        {label}
      </Input.Label>
      <SegmentedControl
        aria-label={label}
        data={data}
        value={values[field]}
        onChange={(value) => set({ [field]: value })}
      />
    </div>
  );
}

function Signature() {
  const { values, props, set } = useGeneric();
  const isHmac = values.mode === "hmac";
  return (
    <Part title="Signature" help="How a request proves that it comes from the sender.">
      <Choice
        field="mode"
        label="The header holds"
        data={[
          { value: "hmac", label: "A signature (HMAC)" },
          { value: "token", label: "The secret itself" },
        ]}
      />
      <div className={classes.pair}>
        <TextInput label="Header" placeholder="X-Acme-Signature" {...plain} {...props("header")} />
        {(!isHmac || values.layout === "whole") && (
          <TextInput
            label="Prefix in the header (optional)"
            placeholder={isHmac ? "sha256=" : "Bearer "}
            {...plain}
            {...props("prefix")}
          />
        )}
      </div>
      {isHmac && (
        <>
          <div className={classes.pair}>
            <Select
              label="Algorithm"
              data={[
                { value: "sha256", label: "HMAC-SHA256" },
                { value: "sha512", label: "HMAC-SHA512" },
                { value: "sha1", label: "HMAC-SHA1" },
              ]}
              allowDeselect={false}
              {...props("algorithm")}
            />
            <Select
              label="Signature is written in"
              data={[
                { value: "hex", label: "Hexadecimal" },
                { value: "base64", label: "Base64" },
              ]}
              allowDeselect={false}
              {...props("encoding")}
            />
            <Select
              label="Secret is"
              data={[
                { value: "text", label: "Text, as it stands" },
                { value: "hex", label: "Hexadecimal" },
                { value: "base64", label: "Base64" },
              ]}
              allowDeselect={false}
              {...props("secretEncoding")}
            />
            <TextInput
              label="Signed content"
              description="{body}, {ts}, {id}, {method}, {url}"
              inputWrapperOrder={["label", "input", "description", "error"]}
              {...plain}
              {...props("signedContent")}
            />
          </div>
          <Choice
            field="layout"
            label="Besides the signature the header has"
            data={[
              { value: "whole", label: "Nothing" },
              { value: "fields", label: "Fields, such as t=…,v1=…" },
            ]}
          />
          {values.layout === "fields" && (
            <div className={classes.pair}>
              <TextInput label="Field of the signature" {...plain} {...props("signatureField")} />
              <TextInput
                label="Between fields stands"
                maxLength={2}
                {...plain}
                {...props("fieldSeparator")}
              />
            </div>
          )}
          <Choice
            field="timestamp"
            label="Signed timestamp"
            data={[
              { value: "none", label: "None" },
              { value: "header", label: "In a header" },
              { value: "field", label: "In a field" },
            ]}
          />
          {values.timestamp !== "none" && <TimestampFields />}
          {values.timestamp !== "none" && !values.signedContent.includes("{ts}") && (
            <Text size="xs" c="dimmed">
              The timestamp has to be part of the signed content, such as{" "}
              <button
                type="button"
                className={classes.suggestion}
                onClick={() => set({ signedContent: "{ts}.{body}" })}
              >
                {"{ts}.{body}"}
              </button>
              .
            </Text>
          )}
        </>
      )}
    </Part>
  );
}

function TimestampFields() {
  const { values, props } = useGeneric();
  return (
    <div className={classes.pair}>
      {values.timestamp === "header" ? (
        <TextInput
          label="Header of the timestamp"
          placeholder="X-Acme-Timestamp"
          {...plain}
          {...props("timestampHeader")}
        />
      ) : (
        <TextInput label="Field of the timestamp" {...plain} {...props("timestampField")} />
      )}
      <Select
        label="It counts"
        data={[
          { value: "s", label: "Seconds since 1970" },
          { value: "ms", label: "Milliseconds since 1970" },
        ]}
        allowDeselect={false}
        {...props("timestampUnit")}
      />
      <NumberInput
        label="It may be off by (optional)"
        suffix=" s"
        placeholder="300 s"
        allowDecimal={false}
        allowNegative={false}
        clampBehavior="none"
        {...props("toleranceSeconds")}
      />
    </div>
  );
}

function Event() {
  const { values, set, error } = useGeneric();
  return (
    <Part
      title="Event"
      help="Where things are found: in a header, or in the JSON body at a path such as data.items[0].id."
    >
      <Checkbox
        label="The body is an array of events; paths begin at each of them"
        checked={values.bodyIsArray}
        onChange={(event) => set({ bodyIsArray: event.currentTarget.checked })}
      />
      <PlaceField
        label="Type"
        value={values.type}
        kinds={["path", "header", "value"]}
        onChange={(type) => set({ type })}
        error={error("type")}
      />
      <PlaceField
        label="Id"
        absent="Nowhere: the same body is the same event"
        value={values.id}
        kinds={["path", "header", "none"]}
        onChange={(id) => set({ id })}
        error={error("id")}
      />
      <PlaceField
        label="Time of the change"
        absent="Nowhere: the time of receipt counts"
        value={values.time}
        kinds={["none", "path", "header"]}
        onChange={(time) => set({ time })}
        error={error("time")}
      />
    </Part>
  );
}

function SyncedObject() {
  const { values, props, set, error } = useGeneric();
  const keepsLog = values.objectId.kind === "none";
  return (
    <Part
      title="Object"
      help="Which object an event is about. Without an object's id every event becomes an entry of a log."
    >
      <PlaceField
        label="Object's id"
        absent="Nowhere: keep a log of events"
        value={values.objectId}
        kinds={["none", "path", "header", "value"]}
        onChange={(objectId) =>
          set(
            objectId.kind === "none"
              ? { objectId, objectType: { kind: "none", text: "" }, object: "" }
              : { objectId },
          )
        }
        error={error("objectId")}
      />
      {!keepsLog && (
        <>
          <PlaceField
            label="Object's type"
            value={values.objectType.kind === "none" ? { kind: "value", text: "" } : values.objectType}
            kinds={["value", "path", "header"]}
            onChange={(objectType) => set({ objectType })}
            error={error("objectType")}
          />
          <TextInput
            label="Path of the object (optional)"
            placeholder="the whole body"
            {...plain}
            {...props("object")}
          />
          <TagsInput
            label="Types that create an object (optional)"
            description="Such as *.created. They rank below updates of the same moment."
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={values.createdTypes}
            onChange={(createdTypes) => set({ createdTypes })}
            error={error("createdTypes")}
          />
          <TagsInput
            label="Types that delete an object (optional)"
            description="Such as *.deleted. Without any, nothing is ever deleted."
            inputWrapperOrder={["label", "input", "description", "error"]}
            value={values.deletedTypes}
            onChange={(deletedTypes) => set({ deletedTypes })}
            error={error("deletedTypes")}
          />
        </>
      )}
    </Part>
  );
}
