#!/bin/sh
# Wraps each file of ../rules as a PrometheusRule of the Prometheus Operator.
set -eu
cd "$(dirname "$0")"
mkdir -p rules
for file in ../rules/*.yaml; do
    name=$(basename "$file" .yaml)
    {
        echo "# From deploy/monitoring/rules/$name.yaml by update-rules.sh"
        echo "apiVersion: monitoring.coreos.com/v1"
        echo "kind: PrometheusRule"
        echo "metadata:"
        echo "  name: shop-$name"
        echo "spec:"
        sed -e '/^#/d' -e 's/^\(.\)/  \1/' "$file"
    } > "rules/$name.yaml"
done
