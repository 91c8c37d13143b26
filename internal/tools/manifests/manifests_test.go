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
			known := make(map[string]bool) // the claims and the config maps
			var settings string
			for _, object := range objects {
				switch o := object.(type) {
				case *core.PersistentVolumeClaim:
					known["claim "+o.Name] = true
				case *core.ConfigMap:
					known["config map "+o.Name] = true
					settings += o.Data["auditor.yaml"]
				}
			}
			jobs := 0
			for _, object := range objects {
				if job, ok := object.(*batch.CronJob); ok {
					jobs++
					checkPod(t, job.Name, job.Spec.JobTemplate.Spec.Template.Spec, known)
					checkSchedule(t, job, settings)
					checkShards(t, job)
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
func checkPod(t *testing.T, job string, pod core.PodSpec, known map[string]bool) {
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
		if claim := volume.PersistentVolumeClaim; claim != nil && !known["claim "+claim.ClaimName] {
			t.Errorf("%s: the manifest has no claim %q", job, claim.ClaimName)
		}
		if config := volume.ConfigMap; config != nil && !known["config map "+config.Name] {
			t.Errorf("%s: the manifest has no config map %q", job, config.Name)
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

// checkSchedule checks that auditor expects the runs that the cluster starts: its flag or its
// settings have the schedule of the job.
func checkSchedule(t *testing.T, job *batch.CronJob, settings string) {
	t.Helper()
	if zone := job.Spec.TimeZone; zone == nil || *zone != "Etc/UTC" {
		t.Errorf("%s: the schedule is not in UTC, as that of auditor is", job.Name)
	}
	for _, container := range job.Spec.JobTemplate.Spec.Template.Spec.Containers {
		i := slices.Index(container.Args, "--schedule")
		byFlag := i > 0 && i < len(container.Args)-1 && container.Args[i+1] == job.Spec.Schedule
		bySettings := strings.Contains(settings, fmt.Sprintf("schedule: %q\n", job.Spec.Schedule))
		if container.Args[0] == "run" && !byFlag && !bySettings {
			t.Errorf("%s: started at %q with %q, and settings\n%s", job.Name, job.Spec.Schedule, container.Args, settings)
		}
	}
}

// checkShards checks that an indexed job has as many pods as its run has shards.
func checkShards(t *testing.T, job *batch.CronJob) {
	t.Helper()
	spec := job.Spec.JobTemplate.Spec
	args := spec.Template.Spec.Containers[0].Args
	i := slices.Index(args, "--shards")
	if i < 0 {
		return
	}
	if spec.CompletionMode == nil || *spec.CompletionMode != batch.IndexedCompletion || spec.Completions == nil ||
		spec.Parallelism == nil || fmt.Sprint(*spec.Completions) != args[i+1] || *spec.Parallelism != *spec.Completions {
		t.Errorf("%s: %q in a job of another size", job.Name, args)
	}
}

func TestAMistakeInAManifestIsFound(t *testing.T) {
	text := string(manifests(t)["cronjob.yaml"])
	for _, mistake := range []struct{ right, wrong, want string }{
		{"readOnlyRootFilesystem: true", "readOnlyRootFileSystem: true", "securityContext.readOnlyRootFileSystem\""},
		{"backoffLimit: 0", "backoffLimit: none", "cannot unmarshal string into Go struct field"},
		{"storage: 5Gi", "storage: 5 gigabytes", "quantities must match"},
		{"backoffLimit: 0", "backoffLimit: 0\n      backoffLimit: 1", `key "backoffLimit" already set in map`},
		{"batch/v1", "batch/v2", `no kind "CronJob" is registered for version "batch/v2"`},
	} {
		if !strings.Contains(text, mistake.right) {
			t.Fatalf("cronjob.yaml has no %q", mistake.right)
		}
		_, err := decode([]byte(strings.Replace(text, mistake.right, mistake.wrong, 1)))
		if err == nil || !strings.Contains(err.Error(), mistake.want) {
			t.Errorf("%s: %v, want %q", mistake.wrong, err, mistake.want)
		}
	}
}
