// Made from HalfCheetah.json by `evogpu model`; see physics.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME half_cheetah
#define MODEL_NV 9
#define MODEL_NU 6
#define MODEL_STATE 20
#define MODEL_FULL 19
#define MODEL_DRAWS 19
#define MODEL_LIMIT_COUNT 6
#define MODEL_FLOOR_COUNT 16
#define MODEL_MOVING_COUNT 0
#define MODEL_ITERATIONS 10
#define MODEL_SKIP 5
#define MODEL_H 0.01f
#define MODEL_DT 0.05f
#define MODEL_EULER 1
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Z -9.81f
#define MODEL_TERRAIN 0
#define MODEL_TASK 0
#define MODEL_ROOT_X 0
#define MODEL_ROOT_Z -1
#define MODEL_HEIGHT 1
#define MODEL_HEIGHT_CLOSED 0
#define MODEL_PITCH 2
#define MODEL_VELOCITY_NORMAL 1
// link, its parent, the hinge whose frame the joint is in, type, sense, origin in the parent's frame, direction of a slide, angle at which it is straight
#define MODEL_LINKS(LINK) \
    LINK(0, -1, -1, SLIDE, 1.0f, 0.0f, 0.7f, 1.0f, 0.0f, 0) \
    LINK(1, 0, -1, SLIDE, 1.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0) \
    LINK(2, 1, -1, HINGE, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(3, 2, 2, HINGE, -1.0f, -0.5f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(4, 3, 3, HINGE, -1.0f, 0.16f, -0.25f, 0.0f, 0.0f, 0.0f) \
    LINK(5, 4, 4, HINGE, -1.0f, -0.28f, -0.14f, 0.0f, 0.0f, 0.0f) \
    LINK(6, 2, 2, HINGE, -1.0f, 0.5f, 0.0f, 0.0f, 0.0f, 0.0f) \
    LINK(7, 6, 6, HINGE, -1.0f, -0.14f, -0.24f, 0.0f, 0.0f, 0.0f) \
    LINK(8, 7, 7, HINGE, -1.0f, 0.13f, -0.18f, 0.0f, 0.0f, 0.0f)
// link, frame, mass, centre of mass, inertia about the link's origin
#define MODEL_MASSES(MASS) \
    MASS(2, 2, 6.2502093f, 0.15238988f, 0.025398312f, 1.0462961f) \
    MASS(3, 3, 1.5435146f, 0.1f, -0.13f, 0.058364883f) \
    MASS(4, 4, 1.5874476f, -0.14f, -0.07f, 0.05715989f) \
    MASS(5, 5, 1.0953975f, 0.03f, -0.097f, 0.017644877f) \
    MASS(6, 6, 1.4380753f, -0.07f, -0.12f, 0.041494496f) \
    MASS(7, 7, 1.2008368f, 0.065f, -0.09f, 0.023022423f) \
    MASS(8, 8, 0.8845188f, 0.045f, -0.07f, 0.009654403f)
// link, parent, mass of the link and all below it
#define MODEL_UP(UP) \
    UP(8, 7, 0.8845188f) \
    UP(7, 6, 2.0853558f) \
    UP(6, 2, 3.523431f) \
    UP(5, 4, 1.0953975f) \
    UP(4, 3, 2.682845f) \
    UP(3, 2, 4.22636f) \
    UP(2, 1, 14.0f) \
    UP(1, 0, 14.0f)
// dof, type, sense, frame, direction, damping, stiffness, rest
#define MODEL_DOFS(DOF) \
    DOF(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f) \
    DOF(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    DOF(3, HINGE, -1.0f, 2, 0.0f, 0.0f, 6.0f, 240.0f, 0.0f) \
    DOF(4, HINGE, -1.0f, 3, 0.0f, 0.0f, 4.5f, 180.0f, 0.0f) \
    DOF(5, HINGE, -1.0f, 4, 0.0f, 0.0f, 3.0f, 120.0f, 0.0f) \
    DOF(6, HINGE, -1.0f, 2, 0.0f, 0.0f, 4.5f, 180.0f, 0.0f) \
    DOF(7, HINGE, -1.0f, 6, 0.0f, 0.0f, 3.0f, 120.0f, 0.0f) \
    DOF(8, HINGE, -1.0f, 7, 0.0f, 0.0f, 1.5f, 60.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 3, 120.0f, -1.0f, 1.0f) \
    ACTUATOR(1, 4, 90.0f, -1.0f, 1.0f) \
    ACTUATOR(2, 5, 60.0f, -1.0f, 1.0f) \
    ACTUATOR(3, 6, 120.0f, -1.0f, 1.0f) \
    ACTUATOR(4, 7, 60.0f, -1.0f, 1.0f) \
    ACTUATOR(5, 8, 30.0f, -1.0f, 1.0f)
// START dof, type, sense, frame, direction, mass below, armature; STEP dof, link below, ancestor, its type, sense, frame, direction
#define MODEL_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 14.0f, 0.0f) END \
    START(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 14.0f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 14.0f, 0.0f) STEP(2, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(3, HINGE, -1.0f, 2, 0.0f, 0.0f, 4.22636f, 0.1f) STEP(3, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(3, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(3, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(4, HINGE, -1.0f, 3, 0.0f, 0.0f, 2.682845f, 0.1f) STEP(4, 4, 3, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(4, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(4, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(4, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(5, HINGE, -1.0f, 4, 0.0f, 0.0f, 1.0953975f, 0.1f) STEP(5, 5, 4, HINGE, -1.0f, 3, 0.0f, 0.0f) STEP(5, 4, 3, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(5, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(5, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(5, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(6, HINGE, -1.0f, 2, 0.0f, 0.0f, 3.523431f, 0.1f) STEP(6, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(6, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(6, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(7, HINGE, -1.0f, 6, 0.0f, 0.0f, 2.0853558f, 0.1f) STEP(7, 7, 6, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(7, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(7, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(7, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(8, HINGE, -1.0f, 7, 0.0f, 0.0f, 0.8845188f, 0.1f) STEP(8, 8, 7, HINGE, -1.0f, 6, 0.0f, 0.0f) STEP(8, 7, 6, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(8, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(8, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(8, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_ANCESTORS(START, STEP, END) \
    START(0, SLIDE, 1.0f, -1, 1.0f, 0.0f, 14.0f, 0.0f) END \
    START(1, SLIDE, 1.0f, -1, 0.0f, 1.0f, 14.0f, 0.0f) STEP(1, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(2, HINGE, -1.0f, -1, 0.0f, 0.0f, 14.0f, 0.0f) STEP(2, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(2, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(3, HINGE, -1.0f, 2, 0.0f, 0.0f, 4.22636f, 0.1f) STEP(3, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(3, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(3, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(4, HINGE, -1.0f, 3, 0.0f, 0.0f, 2.682845f, 0.1f) STEP(4, 4, 3, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(4, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(4, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(4, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(5, HINGE, -1.0f, 4, 0.0f, 0.0f, 1.0953975f, 0.1f) STEP(5, 5, 4, HINGE, -1.0f, 3, 0.0f, 0.0f) STEP(5, 4, 3, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(5, 3, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(5, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(5, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(6, HINGE, -1.0f, 2, 0.0f, 0.0f, 3.523431f, 0.1f) STEP(6, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(6, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(6, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(7, HINGE, -1.0f, 6, 0.0f, 0.0f, 2.0853558f, 0.1f) STEP(7, 7, 6, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(7, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(7, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(7, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END \
    START(8, HINGE, -1.0f, 7, 0.0f, 0.0f, 0.8845188f, 0.1f) STEP(8, 8, 7, HINGE, -1.0f, 6, 0.0f, 0.0f) STEP(8, 7, 6, HINGE, -1.0f, 2, 0.0f, 0.0f) STEP(8, 6, 2, HINGE, -1.0f, -1, 0.0f, 0.0f) STEP(8, 2, 1, SLIDE, 1.0f, -1, 0.0f, 1.0f) STEP(8, 1, 0, SLIDE, 1.0f, -1, 1.0f, 0.0f) END
#define MODEL_TOUCH_UP(UP) \
    UP(8, 7) \
    UP(7, 6) \
    UP(6, 2) \
    UP(5, 4) \
    UP(4, 3) \
    UP(3, 2) \
    UP(2, 1) \
    UP(1, 0)
#define MODEL_ELIMINATION(PIVOT, ROW, TERM, KEEP) \
    PIVOT(8) ROW(8, 7) TERM(8, 7, 7) TERM(8, 7, 6) TERM(8, 7, 2) TERM(8, 7, 1) TERM(8, 7, 0) KEEP(8, 7) ROW(8, 6) TERM(8, 6, 6) TERM(8, 6, 2) TERM(8, 6, 1) TERM(8, 6, 0) KEEP(8, 6) ROW(8, 2) TERM(8, 2, 2) TERM(8, 2, 1) TERM(8, 2, 0) KEEP(8, 2) ROW(8, 1) TERM(8, 1, 1) TERM(8, 1, 0) KEEP(8, 1) ROW(8, 0) TERM(8, 0, 0) KEEP(8, 0) \
    PIVOT(7) ROW(7, 6) TERM(7, 6, 6) TERM(7, 6, 2) TERM(7, 6, 1) TERM(7, 6, 0) KEEP(7, 6) ROW(7, 2) TERM(7, 2, 2) TERM(7, 2, 1) TERM(7, 2, 0) KEEP(7, 2) ROW(7, 1) TERM(7, 1, 1) TERM(7, 1, 0) KEEP(7, 1) ROW(7, 0) TERM(7, 0, 0) KEEP(7, 0) \
    PIVOT(6) ROW(6, 2) TERM(6, 2, 2) TERM(6, 2, 1) TERM(6, 2, 0) KEEP(6, 2) ROW(6, 1) TERM(6, 1, 1) TERM(6, 1, 0) KEEP(6, 1) ROW(6, 0) TERM(6, 0, 0) KEEP(6, 0) \
    PIVOT(5) ROW(5, 4) TERM(5, 4, 4) TERM(5, 4, 3) TERM(5, 4, 2) TERM(5, 4, 1) TERM(5, 4, 0) KEEP(5, 4) ROW(5, 3) TERM(5, 3, 3) TERM(5, 3, 2) TERM(5, 3, 1) TERM(5, 3, 0) KEEP(5, 3) ROW(5, 2) TERM(5, 2, 2) TERM(5, 2, 1) TERM(5, 2, 0) KEEP(5, 2) ROW(5, 1) TERM(5, 1, 1) TERM(5, 1, 0) KEEP(5, 1) ROW(5, 0) TERM(5, 0, 0) KEEP(5, 0) \
    PIVOT(4) ROW(4, 3) TERM(4, 3, 3) TERM(4, 3, 2) TERM(4, 3, 1) TERM(4, 3, 0) KEEP(4, 3) ROW(4, 2) TERM(4, 2, 2) TERM(4, 2, 1) TERM(4, 2, 0) KEEP(4, 2) ROW(4, 1) TERM(4, 1, 1) TERM(4, 1, 0) KEEP(4, 1) ROW(4, 0) TERM(4, 0, 0) KEEP(4, 0) \
    PIVOT(3) ROW(3, 2) TERM(3, 2, 2) TERM(3, 2, 1) TERM(3, 2, 0) KEEP(3, 2) ROW(3, 1) TERM(3, 1, 1) TERM(3, 1, 0) KEEP(3, 1) ROW(3, 0) TERM(3, 0, 0) KEEP(3, 0) \
    PIVOT(2) ROW(2, 1) TERM(2, 1, 1) TERM(2, 1, 0) KEEP(2, 1) ROW(2, 0) TERM(2, 0, 0) KEEP(2, 0) \
    PIVOT(1) ROW(1, 0) TERM(1, 0, 0) KEEP(1, 0) \
    PIVOT(0)
#define MODEL_LEAVES_FIRST(LINE) \
    LINE(8, 7) LINE(8, 6) LINE(8, 2) LINE(8, 1) LINE(8, 0) \
    LINE(7, 6) LINE(7, 2) LINE(7, 1) LINE(7, 0) \
    LINE(6, 2) LINE(6, 1) LINE(6, 0) \
    LINE(5, 4) LINE(5, 3) LINE(5, 2) LINE(5, 1) LINE(5, 0) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(1, 0)
#define MODEL_ROOT_FIRST(LINE) \
    LINE(1, 0) \
    LINE(2, 1) LINE(2, 0) \
    LINE(3, 2) LINE(3, 1) LINE(3, 0) \
    LINE(4, 3) LINE(4, 2) LINE(4, 1) LINE(4, 0) \
    LINE(5, 4) LINE(5, 3) LINE(5, 2) LINE(5, 1) LINE(5, 0) \
    LINE(6, 2) LINE(6, 1) LINE(6, 0) \
    LINE(7, 6) LINE(7, 2) LINE(7, 1) LINE(7, 0) \
    LINE(8, 7) LINE(8, 6) LINE(8, 2) LINE(8, 1) LINE(8, 0)
// number, dof, range, margin, inverse weight, stiffness, damping, solimp
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 3, -0.52f, 1.05f, 0.0f, 2.7297885f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f) \
    LIMIT(1, 4, -0.785f, 0.785f, 0.0f, 5.893249f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f) \
    LIMIT(2, 5, -0.4f, 0.785f, 0.0f, 8.894877f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f) \
    LIMIT(3, 6, -1.0f, 0.7f, 0.0f, 3.0813925f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f) \
    LIMIT(4, 7, -1.2f, 0.87f, 0.0f, 6.882796f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f) \
    LIMIT(5, 8, -0.5f, 0.5f, 0.0f, 9.468135f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.03f, 0.5f, 2.0f)
// number, link, frame, end of the capsule, radius, margin, inverse weight, number of the pair, height of the floor, stiffness, damping, solimp
#define MODEL_FLOOR(TOUCH) \
    TOUCH(0, 2, 2, -0.5f, 0.0f, 0.046f, 0.0f, 0.064157516f, 0, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(1, 2, 2, 0.5f, 0.0f, 0.046f, 0.0f, 0.064157516f, 0, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(2, 2, 2, 0.7146493f, 0.19672398f, 0.046f, 0.0f, 0.064157516f, 1, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(3, 2, 2, 0.48535067f, 0.003276018f, 0.046f, 0.0f, 0.064157516f, 1, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(4, 3, 3, 0.18871939f, -0.24469031f, 0.046f, 0.0f, 0.09691101f, 2, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(5, 3, 3, 0.011280606f, -0.015309682f, 0.046f, 0.0f, 0.09691101f, 2, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(6, 4, 4, -0.27446085f, -0.13648516f, 0.046f, 0.0f, 0.12720923f, 3, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(7, 4, 4, -0.005539139f, -0.0035148377f, 0.046f, 0.0f, 0.12720923f, 3, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(8, 5, 5, 0.004927245f, -0.0064055356f, 0.046f, 0.0f, 0.24374929f, 4, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(9, 5, 5, 0.055072755f, -0.18759446f, 0.046f, 0.0f, 0.24374929f, 4, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(10, 6, 6, -0.0039149416f, -0.0045800493f, 0.046f, 0.0f, 0.081483796f, 5, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(11, 6, 6, -0.13608506f, -0.23541994f, 0.046f, 0.0f, 0.081483796f, 5, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(12, 7, 7, 0.0051478976f, -0.0025144247f, 0.046f, 0.0f, 0.13199683f, 6, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(13, 7, 7, 0.1248521f, -0.17748557f, 0.046f, 0.0f, 0.13199683f, 6, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(14, 8, 8, 0.005475027f, -0.012226507f, 0.046f, 0.0f, 0.2661441f, 7, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f) \
    TOUCH(15, 8, 8, 0.084524974f, -0.1277735f, 0.046f, 0.0f, 0.2661441f, 7, 0.0f, 3906.25f, 125.0f, 0.0001f, 0.8f, 0.01f, 0.5f, 2.0f)
// row, then link, frame, centre, half axis, radius of both capsules, reach, margin, inverse weight, stiffness, damping, solimp, path
#define MODEL_MOVINGS(MOVING)
// link, frame, centre of mass, principal axis, then linear and square drag along it, across it and in turning
#define MODEL_FLUIDS(FLUID)
#define MODEL_INITIAL(INITIAL) \
    INITIAL(0, 0.0f, 0.0f) \
    INITIAL(1, 0.0f, 0.0f) \
    INITIAL(2, 0.0f, 0.0f) \
    INITIAL(3, 0.0f, 0.0f) \
    INITIAL(4, 0.0f, 0.0f) \
    INITIAL(5, 0.0f, 0.0f) \
    INITIAL(6, 0.0f, 0.0f) \
    INITIAL(7, 0.0f, 0.0f) \
    INITIAL(8, 0.0f, 0.0f)
