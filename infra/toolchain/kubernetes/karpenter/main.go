// Command karpenter is Karpenter with its kwok provider, the main of sigs.k8s.io/karpenter/kwok with one difference:
// its metrics and health ports are bound to loopback. Upstream binds them on every interface and has no option for it.
package main

import (
	"os"

	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"

	"k8s.io/client-go/rest"
	ctrl "sigs.k8s.io/controller-runtime"

	kwok "sigs.k8s.io/karpenter/kwok/cloudprovider"
	"sigs.k8s.io/karpenter/pkg/cloudprovider/overlay"
	"sigs.k8s.io/karpenter/pkg/controllers"
	"sigs.k8s.io/karpenter/pkg/controllers/node/health"
	"sigs.k8s.io/karpenter/pkg/controllers/state"
	"sigs.k8s.io/karpenter/pkg/operator"
)

const loopback = "127.0.0.1"

func main() {
	bindManagersToLoopback()
	ctx, op := operator.NewOperator()
	instanceTypes, err := kwok.ConstructInstanceTypes(ctx)
	if err != nil {
		log.FromContext(ctx).Error(err, "failed constructing instance types")
	}
	provider := kwok.NewCloudProvider(ctx, op.GetClient(), instanceTypes)
	overlaid := overlay.Decorate(provider, op.GetClient(), op.InstanceTypeStore)
	repairs, err := health.NewRepairPolicyMatcher(ctx, overlaid)
	if err != nil {
		log.FromContext(ctx).Error(err, "failed matching repair policies")
		os.Exit(1)
	}
	cluster := state.NewCluster(op.Clock, op.GetClient(), overlaid, state.WithRepairPolicyMatcher(repairs))
	op.WithControllers(ctx, controllers.NewControllers(
		ctx,
		op.Manager,
		op.Clock,
		op.GetClient(),
		op.EventRecorder,
		overlaid,
		provider,
		cluster,
		op.InstanceTypeStore,
		op.PredictionStore,
	)...).Start(ctx)
}

// bindManagersToLoopback prefixes the ":port" addresses that the operator gives to its manager.
func bindManagersToLoopback() {
	newManager := ctrl.NewManager
	ctrl.NewManager = func(config *rest.Config, options manager.Options) (manager.Manager, error) {
		options.Metrics.BindAddress = loopback + options.Metrics.BindAddress
		options.HealthProbeBindAddress = loopback + options.HealthProbeBindAddress
		return newManager(config, options)
	}
}
