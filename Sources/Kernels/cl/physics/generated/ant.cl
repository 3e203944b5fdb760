// Made from Ant.json by `evogpu model`; see physics.cl and spatial.cl. Lengths in m, masses in kg, angles in rad.
#define MODEL_NAME ant
#define MODEL_NQ 15
#define MODEL_NV 14
#define MODEL_NU 8
#define MODEL_STATE 32
#define MODEL_FULL 330
#define MODEL_DRAWS 29
#define MODEL_LINK_COUNT 9
#define MODEL_BODY_COUNT 13
#define MODEL_PLACE_COUNT 2
#define MODEL_GEOM_COUNT 13
#define MODEL_LIMIT_COUNT 8
#define MODEL_FLOOR_COUNT 13
#define MODEL_CONTACT_COUNT 25
#define MODEL_PAIR_COUNT 0
#define MODEL_SLOTS 0
#define MODEL_FREE 1
#define MODEL_FIRST_DOF 6
#define MODEL_ITERATIONS 8
#define MODEL_SKIP 5
#define MODEL_H 0.01f
#define MODEL_DT 0.05f
#define MODEL_EULER 0
#define MODEL_GRAVITY_X 0.0f
#define MODEL_GRAVITY_Y 0.0f
#define MODEL_GRAVITY_Z -9.81f
#define MODEL_MASS 0.9108801f
#define MODEL_PROGRESS 1
#define MODEL_ROOT_X 0
#define MODEL_ROOT_Y 1
#define MODEL_HEIGHT 2
#define MODEL_HEIGHT_CLOSED 1
#define MODEL_VELOCITY_NORMAL 1
#define MODEL_CINERT 0
#define MODEL_CVEL 0
#define MODEL_FORCES 1
// link, its parent, type, first of its positions and dofs, position that is straight, origin and axes in the parent's frame
#define MODEL_FRAMES(FRAME) \
    FRAME(0, -1, FREE, 0, 0, 0.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 1.0f) \
    FRAME(1, 0, HINGE, 7, 6, 0.0f, 0.2f, 0.2f, 0.0f, 0.70710677f, 0.70710677f, 0.0f, -0.70710677f, 0.70710677f, 0.0f, 0.0f, 0.0f, 1.0f) \
    FRAME(2, 1, HINGE, 8, 7, 0.0f, 0.28284273f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, -1.0f, 0.0f, 1.0f, 0.0f) \
    FRAME(3, 0, HINGE, 9, 8, 0.0f, -0.2f, 0.2f, 0.0f, -0.70710677f, 0.70710677f, 0.0f, -0.70710677f, -0.70710677f, 0.0f, 0.0f, 0.0f, 1.0f) \
    FRAME(4, 3, HINGE, 10, 9, 0.0f, 0.28284273f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, -1.0f, 0.0f) \
    FRAME(5, 0, HINGE, 11, 10, 0.0f, -0.2f, -0.2f, 0.0f, -0.70710677f, -0.70710677f, 0.0f, 0.70710677f, -0.70710677f, 0.0f, 0.0f, 0.0f, 1.0f) \
    FRAME(6, 5, HINGE, 12, 11, 0.0f, 0.28284273f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 1.0f, 0.0f, -1.0f, 0.0f) \
    FRAME(7, 0, HINGE, 13, 12, 0.0f, 0.2f, -0.2f, 0.0f, 0.70710677f, -0.70710677f, 0.0f, 0.70710677f, 0.70710677f, 0.0f, 0.0f, 0.0f, 1.0f) \
    FRAME(8, 7, HINGE, 14, 13, 0.0f, 0.28284273f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, -1.0f, 0.0f, 1.0f, 0.0f)
// link, mass, mass times centre of mass, moment of inertia about the origin: base, then twice a factor and a direction
#define MODEL_MASSES(MASS) \
    MASS(0, 0.48388025f, 0.0f, 0.0f, 0.0f, 0.011120357f, 0.0024653585f, 0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(1, 0.039157752f, 0.0055377427f, 0.0f, 0.0f, 0.0013511211f, -0.0012326792f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(2, 0.0675922f, 0.019117963f, 0.0f, 0.0f, 0.008082167f, -0.007872735f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(3, 0.039157752f, 0.0055377427f, 0.0f, 0.0f, 0.0013511211f, -0.0012326792f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(4, 0.0675922f, 0.019117963f, 0.0f, 0.0f, 0.008082167f, -0.007872735f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(5, 0.039157752f, 0.0055377427f, 0.0f, 0.0f, 0.0013511211f, -0.0012326792f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(6, 0.0675922f, 0.019117963f, 0.0f, 0.0f, 0.008082167f, -0.007872735f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(7, 0.039157752f, 0.0055377427f, 0.0f, 0.0f, 0.0013511211f, -0.0012326792f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    MASS(8, 0.0675922f, 0.019117963f, 0.0f, 0.0f, 0.008082167f, -0.007872735f, 1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f)
// link, its parent, type, first of its positions and dofs, whether its origin is the parent's, mass, armature, damping, stiffness, rest, places, whether first there, floor, limit
#define MODEL_LINKS(LINK) \
    LINK(0, -1, FREE, 0, 0, 0, 0.48388025f, 0.0f, 0.0f, 0.0f, 0.0f, 0, -1, 0, 1, -1) \
    LINK(1, 0, HINGE, 7, 6, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 0) \
    LINK(2, 1, HINGE, 8, 7, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 1) \
    LINK(3, 0, HINGE, 9, 8, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 2) \
    LINK(4, 3, HINGE, 10, 9, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 3) \
    LINK(5, 0, HINGE, 11, 10, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 4) \
    LINK(6, 5, HINGE, 12, 11, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 5) \
    LINK(7, 0, HINGE, 13, 12, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 0, 0, 1, 1, 6) \
    LINK(8, 7, HINGE, 14, 13, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 0, 1, 1, 7)
#define MODEL_LINKS_UP(LINK) \
    LINK(8, 7, HINGE, 14, 13, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 0, 1, 1, 7) \
    LINK(7, 0, HINGE, 13, 12, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 0, 0, 1, 1, 6) \
    LINK(6, 5, HINGE, 12, 11, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 5) \
    LINK(5, 0, HINGE, 11, 10, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 4) \
    LINK(4, 3, HINGE, 10, 9, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 3) \
    LINK(3, 0, HINGE, 9, 8, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 2) \
    LINK(2, 1, HINGE, 8, 7, 0, 0.0675922f, 1.0f, 1.0f, 0.0f, 0.0f, -1, 1, 1, 1, 1) \
    LINK(1, 0, HINGE, 7, 6, 0, 0.039157752f, 1.0f, 1.0f, 0.0f, 0.0f, 1, 0, 0, 1, 0) \
    LINK(0, -1, FREE, 0, 0, 0, 0.48388025f, 0.0f, 0.0f, 0.0f, 0.0f, 0, -1, 0, 1, -1)
// geom, link, centre, half axis of a capsule
#define MODEL_GEOMS(GEOM) \
    GEOM(0, 0, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    GEOM(1, 0, 0.1f, 0.1f, 0.0f, -0.1f, -0.1f, 0.0f) \
    GEOM(2, 0, -0.1f, 0.1f, 0.0f, 0.1f, -0.1f, 0.0f) \
    GEOM(3, 0, -0.1f, -0.1f, 0.0f, 0.1f, 0.1f, 0.0f) \
    GEOM(4, 0, 0.1f, -0.1f, 0.0f, -0.1f, 0.1f, 0.0f) \
    GEOM(5, 1, 0.14142136f, 0.0f, 0.0f, -0.14142136f, 0.0f, 0.0f) \
    GEOM(6, 2, 0.28284273f, 0.0f, 0.0f, -0.28284273f, 0.0f, 0.0f) \
    GEOM(7, 3, 0.14142136f, 0.0f, 0.0f, -0.14142136f, 0.0f, 0.0f) \
    GEOM(8, 4, 0.28284273f, 0.0f, 0.0f, -0.28284273f, 0.0f, 0.0f) \
    GEOM(9, 5, 0.14142136f, 0.0f, 0.0f, -0.14142136f, 0.0f, 0.0f) \
    GEOM(10, 6, 0.28284273f, 0.0f, 0.0f, -0.28284273f, 0.0f, 0.0f) \
    GEOM(11, 7, 0.14142136f, 0.0f, 0.0f, -0.14142136f, 0.0f, 0.0f) \
    GEOM(12, 8, 0.28284273f, 0.0f, 0.0f, -0.28284273f, 0.0f, 0.0f)
// number, position, dof, range, margin, inverse weight, response
#define MODEL_LIMITS(LIMIT) \
    LIMIT(0, 7, 6, -0.5235988f, 0.5235988f, 0.0f, 0.982636f, 0) \
    LIMIT(1, 8, 7, 0.5235988f, 1.2217305f, 0.0f, 0.9951024f, 0) \
    LIMIT(2, 9, 8, -0.5235988f, 0.5235988f, 0.0f, 0.982636f, 0) \
    LIMIT(3, 10, 9, -1.2217305f, -0.5235988f, 0.0f, 0.9951024f, 0) \
    LIMIT(4, 11, 10, -0.5235988f, 0.5235988f, 0.0f, 0.982636f, 0) \
    LIMIT(5, 12, 11, -1.2217305f, -0.5235988f, 0.0f, 0.9951024f, 0) \
    LIMIT(6, 13, 12, -0.5235988f, 0.5235988f, 0.0f, 0.982636f, 0) \
    LIMIT(7, 14, 13, 0.5235988f, 1.2217305f, 0.0f, 0.9951024f, 0)
// link, body, geom, ends, number of the first contact, number of the pair, response, radius, height of the plane, margin, inverse weight
#define MODEL_FLOORS(FLOOR) \
    FLOOR(0, 0, 0, 1, 0, 0, 0, 0.25f, 0.0f, 0.02f, 1.1014374f) \
    FLOOR(0, 1, 1, 2, 1, 1, 0, 0.08f, 0.0f, 0.02f, 1.1804718f) \
    FLOOR(0, 4, 2, 2, 3, 4, 0, 0.08f, 0.0f, 0.02f, 1.1804718f) \
    FLOOR(0, 7, 3, 2, 5, 7, 0, 0.08f, 0.0f, 0.02f, 1.1804718f) \
    FLOOR(0, 10, 4, 2, 7, 10, 0, 0.08f, 0.0f, 0.02f, 1.1804718f) \
    FLOOR(1, 2, 5, 2, 9, 2, 0, 0.08f, 0.0f, 0.02f, 1.8087763f) \
    FLOOR(2, 3, 6, 2, 11, 3, 0, 0.08f, 0.0f, 0.02f, 3.9844134f) \
    FLOOR(3, 5, 7, 2, 13, 5, 0, 0.08f, 0.0f, 0.02f, 1.8087763f) \
    FLOOR(4, 6, 8, 2, 15, 6, 0, 0.08f, 0.0f, 0.02f, 3.9844134f) \
    FLOOR(5, 8, 9, 2, 17, 8, 0, 0.08f, 0.0f, 0.02f, 1.8087763f) \
    FLOOR(6, 9, 10, 2, 19, 9, 0, 0.08f, 0.0f, 0.02f, 3.9844134f) \
    FLOOR(7, 11, 11, 2, 21, 11, 0, 0.08f, 0.0f, 0.02f, 1.8087763f) \
    FLOOR(8, 12, 12, 2, 23, 12, 0, 0.08f, 0.0f, 0.02f, 3.9844134f)
// kind, geoms, links above the second only, above the first only, bodies, response, squared reach, radii, margin, inverse weight
#define MODEL_PAIRS(PAIR)
// stiffness, damping, solimp
#define MODEL_RESPONSES(RESPONSE) \
    RESPONSE(2770.083f, 105.26316f, 0.9f, 0.95f, 0.001f, 0.5f, 2.0f)
// body, link, mass, centre of mass, moment of inertia about it
#define MODEL_BODIES(BODY) \
    BODY(0, 0, 0.32724923f, 0.0f, 0.0f, 0.0f, 0.008181231f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(1, 0, 0.039157752f, 0.1f, 0.1f, 0.0f, 0.0005679661f, -0.00044952417f, -0.70710677f, -0.70710677f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(2, 1, 0.039157752f, 0.14142136f, 0.0f, 0.0f, 0.0005679661f, -0.00044952417f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(3, 2, 0.0675922f, 0.28284273f, 0.0f, 0.0f, 0.0026747906f, -0.0024653585f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(4, 0, 0.039157752f, -0.1f, 0.1f, 0.0f, 0.0005679661f, -0.00044952417f, 0.70710677f, -0.70710677f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(5, 3, 0.039157752f, 0.14142136f, 0.0f, 0.0f, 0.0005679661f, -0.00044952417f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(6, 4, 0.0675922f, 0.28284273f, 0.0f, 0.0f, 0.0026747906f, -0.0024653585f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(7, 0, 0.039157752f, -0.1f, -0.1f, 0.0f, 0.0005679661f, -0.00044952417f, 0.70710677f, 0.70710677f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(8, 5, 0.039157752f, 0.14142136f, 0.0f, 0.0f, 0.0005679661f, -0.00044952417f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(9, 6, 0.0675922f, 0.28284273f, 0.0f, 0.0f, 0.0026747906f, -0.0024653585f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(10, 0, 0.039157752f, 0.1f, -0.1f, 0.0f, 0.0005679661f, -0.00044952417f, -0.70710677f, 0.70710677f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(11, 7, 0.039157752f, 0.14142136f, 0.0f, 0.0f, 0.0005679661f, -0.00044952417f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f) \
    BODY(12, 8, 0.0675922f, 0.28284273f, 0.0f, 0.0f, 0.0026747906f, -0.0024653585f, -1.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f)
// control, dof, gear, range
#define MODEL_ACTUATORS(ACTUATOR) \
    ACTUATOR(0, 12, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(1, 13, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(2, 6, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(3, 7, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(4, 8, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(5, 9, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(6, 10, 150.0f, -1.0f, 1.0f) \
    ACTUATOR(7, 11, 150.0f, -1.0f, 1.0f)
#define MODEL_INITIAL_POSITIONS(INITIAL) \
    INITIAL(0, 0.0f) \
    INITIAL(1, 0.0f) \
    INITIAL(2, 0.75f) \
    INITIAL(3, 1.0f) \
    INITIAL(4, 0.0f) \
    INITIAL(5, 0.0f) \
    INITIAL(6, 0.0f) \
    INITIAL(7, 0.0f) \
    INITIAL(8, 0.0f) \
    INITIAL(9, 0.0f) \
    INITIAL(10, 0.0f) \
    INITIAL(11, 0.0f) \
    INITIAL(12, 0.0f) \
    INITIAL(13, 0.0f) \
    INITIAL(14, 0.0f)
#define MODEL_INITIAL_VELOCITIES(INITIAL) \
    INITIAL(0, 0.0f) \
    INITIAL(1, 0.0f) \
    INITIAL(2, 0.0f) \
    INITIAL(3, 0.0f) \
    INITIAL(4, 0.0f) \
    INITIAL(5, 0.0f) \
    INITIAL(6, 0.0f) \
    INITIAL(7, 0.0f) \
    INITIAL(8, 0.0f) \
    INITIAL(9, 0.0f) \
    INITIAL(10, 0.0f) \
    INITIAL(11, 0.0f) \
    INITIAL(12, 0.0f) \
    INITIAL(13, 0.0f)
