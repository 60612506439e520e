{{/* What both kinds of workload run. */}}
{{- define "sealpost.pod" -}}
metadata:
  labels:
    {{- include "sealpost.labels" . | nindent 4 }}
  annotations:
    # Another configuration is another pod.
    sealpost/config: {{ include "sealpost.config" . | sha256sum }}
    {{- with .Values.monitoring.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  # It asks nothing of Kubernetes, and needs no list of services in its environment.
  automountServiceAccountToken: false
  enableServiceLinks: false
  # Longer than drain_timeout and the last sync together.
  terminationGracePeriodSeconds: 30
  securityContext:
    runAsNonRoot: true
    runAsUser: 65532
    # Its own group is the one that secrets are readable for: it takes such keys, and none that others may read.
    runAsGroup: 65532
    fsGroup: 65532
    fsGroupChangePolicy: OnRootMismatch
    seccompProfile: { type: RuntimeDefault }
  {{- with .Values.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: relay
      image: {{ include "sealpost.image" . }}
      imagePullPolicy: {{ .Values.image.pullPolicy }}
      args: [serve, --config, /config/sealpost-relay.toml]
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities: { drop: [ALL] }
      ports:
        - { name: clients, containerPort: 8443 }
        - { name: admin, containerPort: 8444 }
      startupProbe:
        httpGet: { path: /health, port: admin }
        periodSeconds: 1
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /health, port: admin }
        periodSeconds: 10
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /ready, port: admin }
        periodSeconds: 5
        failureThreshold: 2
      {{- with .Values.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      volumeMounts:
        - { name: config, mountPath: /config, readOnly: true }
        - { name: keys, mountPath: /keys, readOnly: true }
        - { name: data, mountPath: /data }
        {{- if .Values.redis.passwordSecret }}
        - { name: redis, mountPath: /redis, readOnly: true }
        {{- end }}
  volumes:
    - name: config
      configMap: { name: {{ include "sealpost.name" . }} }
    - name: keys
      secret: { secretName: {{ .Values.keysSecret }}, defaultMode: 0400 }
    {{- if .Values.redis.passwordSecret }}
    - name: redis
      secret:
        secretName: {{ .Values.redis.passwordSecret }}
        defaultMode: 0400
        items: [{ key: password, path: password }]
    {{- end }}
    {{- if eq .Values.store.backend "redis" }}
    # The keys of the day, which the relays give each other: in memory.
    - name: data
      emptyDir: { medium: Memory, sizeLimit: 16Mi }
    {{- end }}
  {{- with .Values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .Values.affinity }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
