{{- define "orderloom.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What selects the pods of one command: a list of the root context and the command. */}}
{{- define "orderloom.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ default $root.Chart.Name $root.Values.nameOverride }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "orderloom.labels" -}}
{{- $root := index . 0 -}}
{{ include "orderloom.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end -}}

{{- define "orderloom.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{/* One variable from a Secret: a list of the variable and what `values.yaml` says of the Secret. */}}
{{- define "orderloom.secret" -}}
- name: {{ index . 0 }}
  valueFrom:
    secretKeyRef:
      name: {{ (index . 1).secretName }}
      key: {{ (index . 1).key }}
{{- end -}}

{{/* What every command needs. The owner's URL is not among it. */}}
{{- define "orderloom.env" -}}
{{- $application := .Values.database.application -}}
{{- $_ := required "database.application.secretName: name the Secret with the URL of the application role" $application.secretName -}}
{{ include "orderloom.secret" (list "APP_DATABASE_URL" $application) }}
{{- if .Values.secretKeys.secretName }}
{{ include "orderloom.secret" (list "SECRET_KEYS" .Values.secretKeys) }}
{{- end }}
- name: FRONTEND_URL
  value: {{ .Values.frontendUrl | quote }}
- name: PUBLIC_URL
  value: {{ .Values.publicUrl | quote }}
- name: SIGN_IN_PAGES
  value: {{ .Values.signInPages | quote }}
- name: OUTGOING_PRIVATE_NETWORKS
  value: {{ .Values.outgoingPrivateNetworks | quote }}
- name: TRUSTED_PROXIES
  value: {{ .Values.trustedProxies | quote }}
- name: LOG_LEVEL
  value: {{ .Values.logLevel | quote }}
- name: DATA_DIR
  value: /data
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* What the commands that run for long need beside that. */}}
{{- define "orderloom.serviceEnv" -}}
{{ include "orderloom.env" . }}
{{- $_ := required "redis.secretName: name the Secret with the URL of Redis" .Values.redis.secretName }}
{{ include "orderloom.secret" (list "REDIS_URL" .Values.redis) }}
{{- if .Values.mail.secretName }}
{{ include "orderloom.secret" (list "SMTP_URL" .Values.mail) }}
{{- end }}
- name: MAIL_FROM
  value: {{ .Values.mail.from | quote }}
- name: POOL_SIZE
  value: {{ .Values.database.poolSize | quote }}
- name: CONFIGURATION_MEMORY_MB
  value: {{ .Values.configurationMemoryMb | int64 | quote }}
- name: ALLOWED_ORIGINS
  value: {{ .Values.allowedOrigins | quote }}
- name: DOCUMENTS
  value: {{ .Values.documents | quote }}
- name: OPERATION_COST
  value: {{ .Values.limits.operationCost | int64 | quote }}
- name: COMPANY_COST_RATE
  value: {{ .Values.limits.companyCostRate | int64 | quote }}
- name: COMPANY_COST_BURST
  value: {{ .Values.limits.companyCostBurst | int64 | quote }}
- name: MEMBER_COST_SHARE
  value: {{ .Values.limits.memberCostShare | quote }}
- name: ANONYMOUS_COST_RATE
  value: {{ .Values.limits.anonymousCostRate | int64 | quote }}
- name: SIGN_UP
  value: {{ .Values.signUp.state | quote }}
- name: SIGN_UPS_PER_NETWORK
  value: {{ .Values.signUp.perNetwork | int64 | quote }}
- name: SIGN_UPS_PER_HOUR
  value: {{ .Values.signUp.perHour | int64 | quote }}
- name: SIGN_UP_RECORDS
  value: {{ .Values.signUp.records | int64 | quote }}
- name: SIGN_UP_STORAGE_MB
  value: {{ .Values.signUp.storageMb | int64 | quote }}
- name: ISOLATION_PROOF_HOURS
  value: {{ .Values.isolationProofHours | quote }}
{{- end -}}

{{- define "orderloom.podSecurity" -}}
automountServiceAccountToken: false
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  seccompProfile: {type: RuntimeDefault}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "orderloom.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
volumeMounts:
  - {name: tmp, mountPath: /tmp}
  - {name: data, mountPath: /data}
{{- end -}}

{{- define "orderloom.volumes" -}}
volumes:
  - {name: tmp, emptyDir: {}}
  - {name: data, emptyDir: {}}
{{- end -}}

{{- define "orderloom.placement" -}}
{{- with .nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
