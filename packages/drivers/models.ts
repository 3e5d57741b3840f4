/** Models and profiles that are known: a file each in `models/`, a line each here. */
import type { Driver } from "./driver.ts";
import accuChekAvivaConnect from "./models/accu-chek-aviva-connect.ts";
import accuChekGuide from "./models/accu-chek-guide.ts";
import accuChekInstant from "./models/accu-chek-instant.ts";
import agentBloodPressure from "./models/agent-blood-pressure.ts";
import agentGlucoseMeter from "./models/agent-glucose-meter.ts";
import agentPulseOximeter from "./models/agent-pulse-oximeter.ts";
import agentScale from "./models/agent-scale.ts";
import agentThermometer from "./models/agent-thermometer.ts";
import andUa651ble from "./models/and-ua-651ble.ts";
import andUc352ble from "./models/and-uc-352ble.ts";
import andUt201ble from "./models/and-ut-201ble.ts";
import beurerBm57 from "./models/beurer-bm57.ts";
import beurerFt95 from "./models/beurer-ft95.ts";
import bluetoothBloodPressure from "./models/bluetooth-blood-pressure.ts";
import bluetoothBodyComposition from "./models/bluetooth-body-composition.ts";
import bluetoothCgm from "./models/bluetooth-cgm.ts";
import bluetoothGlucoseMeter from "./models/bluetooth-glucose-meter.ts";
import bluetoothHeartRate from "./models/bluetooth-heart-rate.ts";
import bluetoothInsulinPump from "./models/bluetooth-insulin-pump.ts";
import bluetoothPulseOximeter from "./models/bluetooth-pulse-oximeter.ts";
import bluetoothScale from "./models/bluetooth-scale.ts";
import bluetoothThermometer from "./models/bluetooth-thermometer.ts";
import dexcomG5 from "./models/dexcom-g5.ts";
import garminHrmDual from "./models/garmin-hrm-dual.ts";
import garminHrmPro from "./models/garmin-hrm-pro.ts";
import masimoMightysat from "./models/masimo-mightysat.ts";
import mirSmartOne from "./models/mir-smart-one.ts";
import niproNbp1ble from "./models/nipro-nbp-1ble.ts";
import niproNt100b from "./models/nipro-nt-100b.ts";
import niproTrueMetrixAir from "./models/nipro-true-metrix-air.ts";
import nonin3230 from "./models/nonin-3230.ts";
import omronHbf222t from "./models/omron-hbf-222t.ts";
import omronHem7155t from "./models/omron-hem-7155t.ts";
import omronHem9200t from "./models/omron-hem-9200t.ts";
import pcd01BedsideMonitor from "./models/pcd01-bedside-monitor.ts";
import pcd01PcaPump from "./models/pcd01-pca-pump.ts";
import pcd01SyringePump from "./models/pcd01-syringe-pump.ts";
import pcd01Ventilator from "./models/pcd01-ventilator.ts";
import pcd01VolumetricPump from "./models/pcd01-volumetric-pump.ts";
import polarH10 from "./models/polar-h10.ts";
import polarVeritySense from "./models/polar-verity-sense.ts";
import teltonikaTmt250 from "./models/teltonika-tmt250.ts";
import vAlrt from "./models/v-alrt.ts";
import viatomO2ring from "./models/viatom-o2ring.ts";
import wahooTickr from "./models/wahoo-tickr.ts";
import xiaomiMiScale2 from "./models/xiaomi-mi-scale-2.ts";

export const models: readonly Driver[] = [
  bluetoothHeartRate,
  bluetoothBloodPressure,
  bluetoothThermometer,
  bluetoothPulseOximeter,
  bluetoothGlucoseMeter,
  bluetoothCgm,
  bluetoothScale,
  bluetoothBodyComposition,
  bluetoothInsulinPump,
  agentPulseOximeter,
  agentBloodPressure,
  agentThermometer,
  agentScale,
  agentGlucoseMeter,
  polarH10,
  polarVeritySense,
  wahooTickr,
  garminHrmPro,
  garminHrmDual,
  andUa651ble,
  andUc352ble,
  andUt201ble,
  omronHem9200t,
  omronHem7155t,
  omronHbf222t,
  beurerBm57,
  beurerFt95,
  niproNbp1ble,
  niproNt100b,
  nonin3230,
  masimoMightysat,
  accuChekGuide,
  accuChekInstant,
  accuChekAvivaConnect,
  niproTrueMetrixAir,
  dexcomG5,
  xiaomiMiScale2,
  vAlrt,
  teltonikaTmt250,
  mirSmartOne,
  viatomO2ring,
  pcd01BedsideMonitor,
  pcd01VolumetricPump,
  pcd01SyringePump,
  pcd01PcaPump,
  pcd01Ventilator,
];
