import { z } from "zod";

/**
 * What Home Assistant takes as the discovery of a device, as https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery and
 * /integrations/sensor.mqtt/ say it: what it does not know makes it refuse the whole.
 */
const sensor = z.strictObject({
  platform: z.literal("sensor"),
  unique_id: z.string().min(1),
  name: z.string().min(1),
  state_topic: z.string().regex(/^[^+#]+$/),
  value_template: z.string().optional(),
  json_attributes_topic: z
    .string()
    .regex(/^[^+#]+$/)
    .optional(),
  device_class: z.enum(["temperature", "weight", "blood_glucose_concentration"]).optional(),
  icon: z.string().regex(/^mdi:/).optional(),
  unit_of_measurement: z.string().min(1).optional(),
  state_class: z.enum(["measurement", "total", "total_increasing"]).optional(),
  expire_after: z.int().min(1).optional(),
});

export const deviceDiscovery = z.strictObject({
  device: z.strictObject({
    identifiers: z.array(z.string()).min(1),
    name: z.string(),
    manufacturer: z.string().optional(),
    model: z.string().optional(),
  }),
  origin: z.strictObject({ name: z.string(), sw_version: z.string().optional(), support_url: z.url().optional() }),
  availability_topic: z.string().regex(/^[^+#]+$/),
  components: z.record(z.string().regex(/^[A-Za-z0-9_-]+$/), sensor),
  qos: z.union([z.literal(0), z.literal(1), z.literal(2)]),
});

/** `<prefix>/device/<object id>/config` */
export const DISCOVERY_TOPIC = /^homeassistant\/device\/[A-Za-z0-9_-]+\/config$/;
