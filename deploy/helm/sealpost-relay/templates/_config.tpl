{{/* The configuration. Strings of TOML are written as JSON writes them. */}}
{{- define "sealpost.config" -}}
role = {{ .Values.role | toJson }}
listen = "0.0.0.0:8443"
# The probes come from the node; the network policy keeps everyone else out.
admin = "0.0.0.0:8444"
data = "/data/store"
operator_key = "/keys/operator.key"

[relay]
host = {{ .Values.host | toJson }}
name = {{ .Values.name | toJson }}
region = {{ .Values.region | toJson }}

[tls]
mode = "files"
certificate = "/keys/tls.pem"
key = "/keys/tls.key"

[store]
backend = {{ .Values.store.backend | toJson }}
{{- if eq .Values.store.backend "redis" }}

[redis]
urls = {{ .Values.redis.urls | toJson }}
user = {{ .Values.redis.user | toJson }}
password = {{ if .Values.redis.passwordSecret }}"/redis/password"{{ else }}""{{ end }}
durability = {{ .Values.redis.durability | toJson }}
replicas = {{ .Values.redis.replicas }}
{{- end }}
{{- $keys := dict "key_service" "/data/epochs" "tickets" "/data/tickets" }}
{{- range $section, $directory := $keys }}

[{{ $section }}]
keys = {{ $directory | toJson }}
{{- with index $.Values.extra $section }}
{{ . | trim }}
{{- end }}
{{- end }}

[oblivious]
keys = "/data/ohttp"
{{- range $section, $lines := omit .Values.extra "key_service" "tickets" }}

[{{ $section }}]
{{ $lines | trim }}
{{- end }}

[log]
format = "json"
{{- end }}
