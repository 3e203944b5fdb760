// The kernel files as text, for OpenCL drivers, and what this processor can run.
#include "Kernels.h"
#include <string.h>
#pragma clang diagnostic ignored "-Wc23-extensions"
#define TEXT(name) static const char text_##name[]
TEXT(prelude) = {
#embed "cl/prelude.cl"
    , 0};
TEXT(math) = {
#embed "cl/math.cl"
    , 0};
TEXT(activation) = {
#embed "cl/activation.cl"
    , 0};
TEXT(random) = {
#embed "cl/random.cl"
    , 0};
TEXT(rows) = {
#embed "cl/rows.cl"
    , 0};
TEXT(environment) = {
#embed "cl/env/environment.cl"
    , 0};
TEXT(peak) = {
#embed "cl/peak.cl"
    , 0};
TEXT(map_math) = {
#embed "cl/map_math.cl"
    , 0};
TEXT(linear) = {
#embed "cl/linear.cl"
    , 0};
TEXT(linear_local) = {
#embed "cl/linear_local.cl"
    , 0};
TEXT(layer_norm) = {
#embed "cl/layer_norm.cl"
    , 0};
TEXT(reduce) = {
#embed "cl/reduce.cl"
    , 0};
TEXT(optimise) = {
#embed "cl/optimise.cl"
    , 0};
TEXT(rollout) = {
#embed "cl/rollout.cl"
    , 0};
TEXT(advantage) = {
#embed "cl/advantage.cl"
    , 0};
TEXT(policy_loss) = {
#embed "cl/policy_loss.cl"
    , 0};
TEXT(polyak_update) = {
#embed "cl/polyak_update.cl"
    , 0};
TEXT(output_gradient) = {
#embed "cl/output_gradient.cl"
    , 0};
TEXT(temporal_difference) = {
#embed "cl/temporal_difference.cl"
    , 0};
TEXT(distillation) = {
#embed "cl/distillation.cl"
    , 0};
TEXT(sensitivity) = {
#embed "cl/sensitivity.cl"
    , 0};
TEXT(imitation_loss) = {
#embed "cl/imitation_loss.cl"
    , 0};
TEXT(transition_memory) = {
#embed "cl/transition_memory.cl"
    , 0};
TEXT(episodes) = {
#embed "cl/episodes.cl"
    , 0};
TEXT(twin_critics) = {
#embed "cl/twin_critics.cl"
    , 0};
TEXT(sharing) = {
#embed "cl/sharing.cl"
    , 0};
TEXT(crossover) = {
#embed "cl/crossover.cl"
    , 0};
TEXT(variation) = {
#embed "cl/variation.cl"
    , 0};
TEXT(search) = {
#embed "cl/search.cl"
    , 0};
TEXT(acrobot) = {
#embed "cl/env/pair.cl"
    ,
#embed "cl/env/acrobot.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(cartpole) = {
#embed "cl/env/cartpole.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(mountain_car) = {
#embed "cl/env/mountain_car.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(mountain_car_continuous) = {
#embed "cl/env/mountain_car_continuous.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(pendulum) = {
#embed "cl/env/pendulum.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};

// One model's program: what all models share, the model, its engine, the model as an environment.
TEXT(inverted_pendulum) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/inverted_pendulum.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(inverted_double_pendulum) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/inverted_double_pendulum.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(reacher) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/reacher.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(swimmer) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/swimmer.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(hopper) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/hopper.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(half_cheetah) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/half_cheetah.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(walker2d) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/walker2d.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(hopper_hilly) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/hopper.cl"
    ,
#embed "cl/physics/generated/hopper_hilly.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(half_cheetah_hilly) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/half_cheetah.cl"
    ,
#embed "cl/physics/generated/half_cheetah_hilly.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(walker2d_hilly) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/walker2d.cl"
    ,
#embed "cl/physics/generated/walker2d_hilly.cl"
    ,
#embed "cl/physics/planar.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(ant) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/ant.cl"
    ,
#embed "cl/physics/spatial.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
TEXT(humanoid) = {
#embed "cl/physics/physics.cl"
    ,
#embed "cl/physics/generated/humanoid.cl"
    ,
#embed "cl/physics/spatial.cl"
    ,
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
// The engines without a model, for a user's own.
TEXT(physics) = {
#embed "cl/physics/physics.cl"
    , 0};
TEXT(planar) = {
#embed "cl/physics/planar.cl"
    , 0};
TEXT(spatial) = {
#embed "cl/physics/spatial.cl"
    , 0};
TEXT(physics_task) = {
#embed "cl/physics/task.cl"
    ,
#embed "cl/env/kernels.cl"
    , 0};
const char *physics_text(void) { return text_physics; }
const char *physics_planar_text(void) { return text_planar; }
const char *physics_spatial_text(void) { return text_spatial; }
const char *physics_task_text(void) { return text_physics_task; }

// The shipped models' descriptions.
#define MODEL_JSON(name) static const char json_##name[]
MODEL_JSON(InvertedPendulum) = {
#embed "models/InvertedPendulum.json"
    , 0};
MODEL_JSON(InvertedDoublePendulum) = {
#embed "models/InvertedDoublePendulum.json"
    , 0};
MODEL_JSON(Reacher) = {
#embed "models/Reacher.json"
    , 0};
MODEL_JSON(Swimmer) = {
#embed "models/Swimmer.json"
    , 0};
MODEL_JSON(Hopper) = {
#embed "models/Hopper.json"
    , 0};
MODEL_JSON(HalfCheetah) = {
#embed "models/HalfCheetah.json"
    , 0};
MODEL_JSON(Walker2d) = {
#embed "models/Walker2d.json"
    , 0};
MODEL_JSON(Ant) = {
#embed "models/Ant.json"
    , 0};
MODEL_JSON(Humanoid) = {
#embed "models/Humanoid.json"
    , 0};
static const PhysicsDescription descriptions[] = {
    {"InvertedPendulum", json_InvertedPendulum},
    {"InvertedDoublePendulum", json_InvertedDoublePendulum},
    {"Reacher", json_Reacher},
    {"Swimmer", json_Swimmer},
    {"Hopper", json_Hopper},
    {"HalfCheetah", json_HalfCheetah},
    {"Walker2d", json_Walker2d},
    {"Ant", json_Ant},
    {"Humanoid", json_Humanoid},
};
const PhysicsDescription *physics_descriptions(int *count) {
    *count = (int)(sizeof descriptions / sizeof descriptions[0]);
    return descriptions;
}

const int kernel_shared_sources = 6;
static const KernelSource sources[] = {
    {"prelude", text_prelude, 1},
    {"math", text_math, 1},
    {"random", text_random, 1},
    {"activation", text_activation, 1},
    {"rows", text_rows, 1},
    {"environment", text_environment, 1},
    {"peak", text_peak, 1},
    {"map_math", text_map_math, 1},
    {"linear", text_linear, 1},
    {"linear_local", text_linear_local, 0},
    {"layer_norm", text_layer_norm, 1},
    {"reduce", text_reduce, 1},
    {"optimise", text_optimise, 1},
    {"rollout", text_rollout, 1},
    {"advantage", text_advantage, 1},
    {"policy_loss", text_policy_loss, 1},
    {"polyak_update", text_polyak_update, 1},
    {"output_gradient", text_output_gradient, 1},
    {"temporal_difference", text_temporal_difference, 1},
    {"distillation", text_distillation, 1},
    {"sensitivity", text_sensitivity, 1},
    {"imitation_loss", text_imitation_loss, 1},
    {"transition_memory", text_transition_memory, 1},
    {"episodes", text_episodes, 1},
    {"twin_critics", text_twin_critics, 1},
    {"sharing", text_sharing, 1},
    {"crossover", text_crossover, 1},
    {"variation", text_variation, 1},
    {"search", text_search, 1},
    {"acrobot", text_acrobot, 1},
    {"cartpole", text_cartpole, 1},
    {"mountain_car", text_mountain_car, 1},
    {"mountain_car_continuous", text_mountain_car_continuous, 1},
    {"pendulum", text_pendulum, 1},
    {"inverted_pendulum", text_inverted_pendulum, 1},
    {"inverted_double_pendulum", text_inverted_double_pendulum, 1},
    {"reacher", text_reacher, 1},
    {"swimmer", text_swimmer, 1},
    {"hopper", text_hopper, 1},
    {"half_cheetah", text_half_cheetah, 1},
    {"walker2d", text_walker2d, 1},
    {"hopper_hilly", text_hopper_hilly, 1},
    {"half_cheetah_hilly", text_half_cheetah_hilly, 1},
    {"walker2d_hilly", text_walker2d_hilly, 1},
    {"ant", text_ant, 1},
    {"humanoid", text_humanoid, 1},
};
const KernelSource *kernel_sources(int *count) {
    *count = (int)(sizeof sources / sizeof sources[0]);
    return sources;
}

int kernels_cpu_supports(const char *variant) {
#if defined(__x86_64__)
    __builtin_cpu_init();
    if (strcmp(variant, "AVX-512") == 0) return __builtin_cpu_supports("x86-64-v4") != 0;
    if (strcmp(variant, "AVX2") == 0) return __builtin_cpu_supports("x86-64-v3") != 0;
    return 0;
#else
    return strcmp(variant, "baseline") == 0;
#endif
}
