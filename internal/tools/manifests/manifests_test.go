// Package manifests decodes the Kubernetes manifests of packaging/ as the API server does. It is a
// module of its own, so that the program does not depend on Kubernetes.
package manifests

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batch "k8s.io/api/batch/v1"
	core "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/kubernetes/scheme"
)

// decode returns the objects of a manifest. It fails for an unknown field, a field that occurs
// twice, and a value of another type, as kubectl apply --validate=strict does.
func decode(text []byte) (objects []runtime.Object, err error) {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		object, _, err := decoder.Decode(document, nil, nil)
		if err != nil {
			return nil, fmt.Errorf("document %d: %w", len(objects)+1, err)
		}
		objects = append(objects, object)
	}
}

// manifests returns the text of each manifest by its name.
func manifests(t *testing.T) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob("../../../packaging/kubernetes/*.yaml")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d manifests: %v", len(paths), err)
	}
	texts := make(map[string][]byte)
	for _, path := range paths {
		if texts[filepath.Base(path)], err = os.ReadFile(path); err != nil {
			t.Fatal(err)
		}
	}
	return texts
}

func TestTheManifestsDecodeStrictly(t *testing.T) {
	for name, text := range manifests(t) {
		t.Run(name, func(t *testing.T) {
			objects, err := decode(text)
			if err != nil {
				t.Fatal(err)
			}
			claims := make(map[string]bool)
			for _, object := range objects {
				if claim, ok := object.(*core.PersistentVolumeClaim); ok {
					claims[claim.Name] = true
				}
			}
			jobs := 0
			for _, object := range objects {
				switch o := object.(type) {
				case *batch.CronJob:
					jobs++
					checkPod(t, o.Name, o.Spec.JobTemplate.Spec.Template.Spec, claims)
					checkSchedule(t, o)
				case *batch.Job:
					jobs++
					checkPod(t, o.Name, o.Spec.Template.Spec, claims)
				}
			}
			if jobs == 0 {
				t.Error("no job")
			}
		})
	}
}

// checkPod checks what the Restricted profile of the Pod Security Standards demands, that the root
// is read-only, and that each name refers to something.
// https://kubernetes.io/docs/concepts/security/pod-security-standards/
func checkPod(t *testing.T, job string, pod core.PodSpec, claims map[string]bool) {
	t.Helper()
	own := pod.SecurityContext
	if own == nil || own.RunAsNonRoot == nil || !*own.RunAsNonRoot || own.SeccompProfile == nil ||
		own.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		t.Errorf("%s: the pod may run as root or without seccomp: %+v", job, own)
	}
	if mounted := pod.AutomountServiceAccountToken; mounted == nil || *mounted {
		t.Errorf("%s: the pod has a token of a service account", job)
	}
	volumes := make(map[string]bool)
	for _, volume := range pod.Volumes {
		volumes[volume.Name] = true
		if claim := volume.PersistentVolumeClaim; claim != nil && !claims[claim.ClaimName] {
			t.Errorf("%s: the manifest has no claim %q", job, claim.ClaimName)
		}
	}
	for _, container := range slices.Concat(pod.InitContainers, pod.Containers) {
		c := container.SecurityContext
		if c == nil || c.AllowPrivilegeEscalation == nil || *c.AllowPrivilegeEscalation || c.ReadOnlyRootFilesystem == nil ||
			!*c.ReadOnlyRootFilesystem || c.Capabilities == nil || !slices.Contains(c.Capabilities.Drop, "ALL") {
			t.Errorf("%s: the container %s may do more than it needs: %+v", job, container.Name, c)
		}
		for _, mount := range container.VolumeMounts {
			if !volumes[mount.Name] {
				t.Errorf("%s: the container %s mounts %q, which is no volume", job, container.Name, mount.Name)
			}
		}
	}
}

// checkSchedule checks that auditor expects the runs that the cluster starts.
func checkSchedule(t *testing.T, job *batch.CronJob) {
	t.Helper()
	if zone := job.Spec.TimeZone; zone == nil || *zone != "Etc/UTC" {
		t.Errorf("%s: the schedule is not in UTC, as that of auditor is", job.Name)
	}
	for _, container := range job.Spec.JobTemplate.Spec.Template.Spec.Containers {
		i := slices.Index(container.Args, "--schedule")
		if i < 0 || i == len(container.Args)-1 || container.Args[i+1] != job.Spec.Schedule {
			t.Errorf("%s: started at %q with %q", job.Name, job.Spec.Schedule, container.Args)
		}
	}
}

func TestAMistakeInAManifestIsFound(t *testing.T) {
	text := string(manifests(t)["cronjob.yaml"])
	for mistake, want := range map[[2]string]string{
		{"readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true"}:                     `unknown field "spec.jobTemplate.spec.template.spec.containers[0].securityContext.readOnlyRootFileSystem"`,
		{"backoffLimit: 0", "backoffLimit: none"}:                                            "cannot unmarshal string into Go struct field",
		{"storage: 5Gi", "storage: 5 gigabytes"}:                                             "quantities must match",
		{"restartPolicy: Never", "restartPolicy: Never\n          restartPolicy: OnFailure"}: `key "restartPolicy" already set in map`,
		{"batch/v1", "batch/v2"}:                                                             `no kind "CronJob" is registered for version "batch/v2"`,
	} {
		if !strings.Contains(text, mistake[0]) {
			t.Fatalf("cronjob.yaml has no %q", mistake[0])
		}
		_, err := decode([]byte(strings.Replace(text, mistake[0], mistake[1], 1)))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", mistake[1], err, want)
		}
	}
}
