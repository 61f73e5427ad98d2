{{/* One DaemonSet of Envoys. Takes the root as "root", and whether it is the second one on each node as "second". */}}
{{- define "sluice.envoy" -}}
{{- $second := .second -}}
{{- $admin := ternary 15010 15000 $second -}}
{{- $hook := ternary 15011 15001 $second -}}
{{- $nodeAdmin := ternary 15014 15004 $second -}}
{{- $partner := ternary 15000 15010 $second -}}
{{- with .root -}}
{{- $gateway := .Values.gateway -}}
{{- $lastGood := $gateway.lastGood -}}
{{- $drain := include "sluice.seconds" $gateway.drainTimeout -}}
{{- $unready := include "sluice.seconds" $gateway.unreadyTime -}}
{{- $metrics := add .Values.monitoring.envoyPort (ternary 10 0 $second) -}}
apiVersion: apps/v1
kind: DaemonSet
metadata:
  name: {{ include "sluice.name" . }}-envoy{{ if $second }}-2{{ end }}
  namespace: {{ .Release.Namespace }}
  labels:
    {{- include "sluice.labels" "envoy" | nindent 4 }}
    {{- if $second }}
    sluice.dev/envoy: second
    {{- end }}
    {{- include "sluice.chartLabels" . | nindent 4 }}
spec:
  selector:
    matchLabels:
      {{- include "sluice.labels" "envoy" | nindent 6 }}
      {{- if $second }}
      sluice.dev/envoy: second
      {{- end }}
  updateStrategy:
    type: RollingUpdate
    rollingUpdate:
      # The next gateway node when this one serves.
      maxUnavailable: {{ $gateway.maxUnavailable }}
      maxSurge: 0
  minReadySeconds: 10
  template:
    metadata:
      labels:
        {{- include "sluice.labels" "envoy" | nindent 8 }}
        {{- if $second }}
        sluice.dev/envoy: second
        {{- end }}
      {{- with $gateway.podAnnotations }}
      annotations:
        {{- include "sluice.texts" . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "sluice.name" . }}-envoy
      automountServiceAccountToken: false
      enableServiceLinks: false
      hostNetwork: true
      # Finds the Service of the control plane, from the host's network.
      dnsPolicy: ClusterFirstWithHostNet
      nodeSelector:
        {{- include "sluice.texts" $gateway.nodeSelector | nindent 8 }}
      {{- with $gateway.tolerations }}
      tolerations:
        {{- toYaml . | nindent 6 }}
      {{- end }}
      # A gateway node has one job.
      priorityClassName: {{ $gateway.priorityClassName }}
      {{- if $gateway.twoEnvoys }}
      # The partner's time to drain, two minutes until its successor serves, the own time, and some to end.
      terminationGracePeriodSeconds: {{ add (mul 2 $drain) (mul 2 $unready) 230 }}
      {{- else }}
      # The time of "sluice drain" below, its time for health checks, and some to end.
      terminationGracePeriodSeconds: {{ add $drain $unready 55 }}
      {{- end }}
      {{- with .Values.imagePullSecrets }}
      imagePullSecrets:
        {{- toYaml . | nindent 6 }}
      {{- end }}
      securityContext:
        {{- if $gateway.unprivilegedPorts }}
        # The group that the files of the Secret belong to.
        fsGroup: 101
        {{- end }}
        seccompProfile:
          type: RuntimeDefault
      initContainers:
      - name: bootstrap
        image: {{ include "sluice.image" . }}
        {{- with .Values.image.pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        args:
        - bootstrap
        - --out=/etc/envoy
        {{- if $lastGood.enabled }}
        - --xds-address=unix:/run/sluice-node/xds.sock
        {{- else }}
        - --xds-address={{ include "sluice.host" . }}:18000
        - --xds-tls-cert-file=/etc/sluice/tls/tls.crt
        - --xds-tls-key-file=/etc/sluice/tls/tls.key
        - --xds-tls-ca-file=/etc/sluice/tls/ca.crt
        {{- end }}
        {{- with $gateway.maxConnections }}
        - --max-connections={{ . | int64 }}
        {{- end }}
        {{- if ne ($gateway.accessLogPercent | int) 100 }}
        - --access-log-percent={{ $gateway.accessLogPercent }}
        {{- end }}
        {{- if $second }}
        - --envoy-admin-address=127.0.0.1:{{ $admin }}
        {{- end }}
        {{- if .Values.monitoring.envoyPodMonitor }}
        # In brackets, in which either family may stand.
        - --metrics-address=[$(NODE_IP)]:{{ $metrics }}
        {{- end }}
        env:
        - name: SLUICE_NODE_ID
          valueFrom:
            fieldRef:
              fieldPath: spec.nodeName
        # Of which Envoy's heap is two thirds: there it refuses connections rather than being killed.
        - name: SLUICE_ENVOY_MEMORY_LIMIT
          valueFrom:
            resourceFieldRef:
              containerName: envoy
              resource: limits.memory
        {{- if .Values.monitoring.envoyPodMonitor }}
        - name: NODE_IP
          valueFrom:
            fieldRef:
              fieldPath: status.hostIP
        {{- end }}
        resources:
          {{- include "sluice.smallResources" . | nindent 10 }}
        securityContext:
          {{- include "sluice.unprivileged" . | nindent 10 }}
        volumeMounts:
        - name: config
          mountPath: /etc/envoy
      {{- if $lastGood.enabled }}
      - name: node
        image: {{ include "sluice.image" . }}
        {{- with .Values.image.pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        # It starts before Envoy and ends after it.
        restartPolicy: Always
        args:
        - node
        - --control-plane={{ include "sluice.host" . }}:18000
        - --listen=unix:/run/sluice-node/xds.sock
        - --xds-tls-cert-file=/etc/sluice/tls/tls.crt
        - --xds-tls-key-file=/etc/sluice/tls/tls.key
        - --xds-tls-ca-file=/etc/sluice/tls/ca.crt
        - --state-dir=/var/lib/sluice-node
        - --state-max-age={{ $lastGood.maxAge }}
        - --admin-address=127.0.0.1:{{ $nodeAdmin }}
        livenessProbe:
          httpGet:
            host: 127.0.0.1
            port: {{ $nodeAdmin }}
            path: /healthz
          periodSeconds: 10
          timeoutSeconds: 5
          failureThreshold: 6
        resources:
          {{- toYaml $lastGood.resources | nindent 10 }}
        securityContext:
          # Root without its powers: the folder of the node is root's, and so are the files of the Secret.
          runAsUser: 0
          runAsGroup: 0
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
        volumeMounts:
        - name: tls
          mountPath: /etc/sluice/tls
          readOnly: true
        - name: xds
          mountPath: /run/sluice-node
        - name: node-state
          mountPath: /var/lib/sluice-node
      {{- end }}
      containers:
      - name: envoy
        image: {{ $gateway.image.repository }}:{{ $gateway.image.tag }}
        {{- with $gateway.image.pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        command: [/usr/local/bin/envoy]
        args:
        - --config-path
        - /etc/envoy/envoy.yaml
        # How long connections live on whose listener or filter chain was removed, and how long Envoy keeps a listener
        # that was replaced: under a wildcard each change of a host replaces it.
        - --drain-time-s
        - {{ $gateway.listenerDrainSeconds | quote }}
        # Its sockets would be shared by every Envoy on the host's network.
        - --disable-hot-restart
        - --log-level
        - warning
        {{- if .Values.monitoring.envoyPodMonitor }}
        ports:
        - name: metrics
          containerPort: {{ $metrics }}
        {{- end }}
        lifecycle:
          preStop:
            # Envoy ends on SIGTERM at once, with all its connections. So before that: GET /drain of "sluice drain" beside
            # it, which is answered when the connections are gone, or the drain timeout has passed.
            httpGet:
              host: 127.0.0.1
              port: {{ $hook }}
              path: /drain
        # Its admin address is loopback: kubelet is on the same network, nobody else is.
        startupProbe:
          httpGet:
            host: 127.0.0.1
            port: {{ $admin }}
            path: /server_info
          periodSeconds: 2
          failureThreshold: 30
        # Not /ready: an Envoy that waits for Sluice must not be killed for it. And slow to judge, for killing it closes
        # every connection.
        livenessProbe:
          httpGet:
            host: 127.0.0.1
            port: {{ $admin }}
            path: /server_info
          periodSeconds: 10
          timeoutSeconds: 5
          failureThreshold: 12
        readinessProbe:
          httpGet:
            host: 127.0.0.1
            port: {{ $admin }}
            path: /ready
          periodSeconds: 2
          timeoutSeconds: 2
        resources:
          {{- toYaml $gateway.resources | nindent 10 }}
        securityContext:
          {{- if $gateway.unprivilegedPorts }}
          runAsNonRoot: true
          runAsUser: 101
          runAsGroup: 101
          {{- else }}
          # Root without its powers: a process that is not root cannot be given NET_BIND_SERVICE by Kubernetes, and the
          # sysctl that opens port 443 to everybody is not a pod's to set on the host's network.
          runAsUser: 0
          runAsGroup: 0
          {{- end }}
          allowPrivilegeEscalation: false
          readOnlyRootFilesystem: true
          capabilities:
            drop: [ALL]
            {{- if not $gateway.unprivilegedPorts }}
            add: [NET_BIND_SERVICE]
            {{- end }}
        volumeMounts:
        - name: config
          mountPath: /etc/envoy
          readOnly: true
        {{- if $lastGood.enabled }}
        - name: xds
          mountPath: /run/sluice-node
        {{- else }}
        - name: tls
          mountPath: /etc/sluice/tls
          readOnly: true
        {{- end }}
      - name: drain
        image: {{ include "sluice.image" . }}
        {{- with .Values.image.pullPolicy }}
        imagePullPolicy: {{ . }}
        {{- end }}
        args:
        - drain
        - --envoy-admin=127.0.0.1:{{ $admin }}
        - --hook-address=127.0.0.1:{{ $hook }}
        - --timeout={{ $gateway.drainTimeout }}
        {{- if ne $gateway.unreadyTime "5s" }}
        - --unready-time={{ $gateway.unreadyTime }}
        {{- end }}
        {{- if $gateway.twoEnvoys }}
        - --partner=127.0.0.1:{{ $partner }}
        {{- end }}
        resources:
          {{- include "sluice.smallResources" . | nindent 10 }}
        securityContext:
          {{- include "sluice.unprivileged" . | nindent 10 }}
      volumes:
      - name: config
        emptyDir:
          sizeLimit: 1Mi
      - name: tls
        secret:
          secretName: {{ include "sluice.gatewaySecret" . }}
          # 0400, or 0440 where it is the group that reads them.
          defaultMode: {{ if $gateway.unprivilegedPorts }}288{{ else }}256{{ end }}
      {{- if $lastGood.enabled }}
      - name: xds
        emptyDir:
          sizeLimit: 1Mi
      - name: node-state
        hostPath:
          path: {{ $lastGood.hostPath }}{{ if $second }}-2{{ end }}
          type: DirectoryOrCreate
      {{- end }}
{{- end }}
{{- end }}
