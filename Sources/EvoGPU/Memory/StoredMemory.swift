extension TransitionMemory: ArrayStore {}
