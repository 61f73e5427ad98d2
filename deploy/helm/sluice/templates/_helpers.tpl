{{- define "sluice.name" -}}
{{- if contains "sluice" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-sluice{{ end }}
{{- end }}

{{/* Selects pods; never changes. */}}
{{- define "sluice.labels" -}}
app.kubernetes.io/name: sluice
app.kubernetes.io/component: {{ . }}
{{- end }}

{{/* Of objects, never of pods: a new version of the chart alone must not restart an Envoy. */}}
{{- define "sluice.chartLabels" -}}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "sluice.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "sluice.serverSecret" -}}
{{ .Values.certificates.serverSecret | default (printf "%s-xds-server" (include "sluice.name" .)) }}
{{- end }}

{{- define "sluice.gatewaySecret" -}}
{{ .Values.certificates.gatewaySecret | default (printf "%s-xds-gateway" (include "sluice.name" .)) }}
{{- end }}

{{/* What Envoys connect to, and what Sluice's certificate is for. */}}
{{- define "sluice.host" -}}
{{ include "sluice.name" . }}.{{ .Release.Namespace }}.svc
{{- end }}

{{/* Seconds of a duration as the flags write it: 90s, 10m, 1h30m. */}}
{{- define "sluice.seconds" -}}
{{- $hours := regexFind "[0-9]+h" . | trimSuffix "h" | default "0" | int -}}
{{- $minutes := regexFind "[0-9]+m" . | trimSuffix "m" | default "0" | int -}}
{{- $seconds := regexFind "[0-9]+s" . | trimSuffix "s" | default "0" | int -}}
{{- add (mul 3600 $hours) (mul 60 $minutes) $seconds -}}
{{- end }}

{{- define "sluice.unprivileged" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* Of what stands beside Envoy. */}}
{{- define "sluice.smallResources" -}}
requests:
  cpu: 10m
  memory: 96Mi
limits:
  memory: 256Mi
{{- end }}

{{/* Labels from the command line may be true or a number; Kubernetes takes text only. */}}
{{- define "sluice.texts" -}}
{{- range $name, $value := . }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
