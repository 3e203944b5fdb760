// On hills, after the text of Hopper on level ground; made by `evogpu model --terrain`.
#undef MODEL_NAME
#define MODEL_NAME hopper_hilly
#undef MODEL_STATE
#define MODEL_STATE 17
#undef MODEL_DRAWS
#define MODEL_DRAWS 15
#undef MODEL_TERRAIN
#define MODEL_TERRAIN 1
