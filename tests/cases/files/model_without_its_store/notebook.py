# The service would fetch its model with a package that the kernel does not have: the versions are those of the kernel.

# %% [model]
%%serve_model half --methods predict --location oci://bucket@namespace/half.pkl --example [2, 4]
class Half:
    def predict(self, rows):
        return [row / 2 for row in rows]

half = Half()
