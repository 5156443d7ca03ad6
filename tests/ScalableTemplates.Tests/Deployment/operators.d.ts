// The parts of the resources of operators that the output uses, as no package has their types. Checked against their CRDs by hand.
interface Metadata {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
}

interface Key {
  name: string;
  key: string;
}

/** rabbitmq.com, Cluster Operator 2 */
export interface IRabbitmqCluster {
  apiVersion: "rabbitmq.com/v1beta1";
  kind: "RabbitmqCluster";
  metadata: Metadata;
  spec: {
    replicas: number;
    image: string;
    persistence: { storage: string };
    resources: { requests: Record<"cpu" | "memory", string>; limits: { memory: string } };
    rabbitmq: { additionalConfig: string };
    override: {
      statefulSet: {
        spec: { template: { spec: Pick<import("kubernetes-models/v1/PodSpec").IPodSpec, "containers" | "topologySpreadConstraints"> } };
      };
    };
  };
}

/** Barman Cloud plugin of CloudNativePG */
export interface IObjectStore {
  apiVersion: "barmancloud.cnpg.io/v1";
  kind: "ObjectStore";
  metadata: Metadata;
  spec: {
    retentionPolicy: `${number}${"d" | "w" | "m"}`;
    configuration: {
      destinationPath: `s3://${string}`;
      s3Credentials: { accessKeyId: Key; secretAccessKey: Key };
      wal: { compression: "gzip" };
      data: { compression: "gzip" };
    };
  };
}
