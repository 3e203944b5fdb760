import EvoGPU
print("evogpu")
