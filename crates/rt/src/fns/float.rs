//! The float functions that back ends have no instruction for: the C library's, through Rust.
//!
//! Pure; the context is not looked at.

use sepal_abi::Ctx;

/// A body from an expression.
macro_rules! float_fn {
    ($($name:ident($($param:ident),*) = $value:expr;)*) => {
        $(
            #[unsafe(no_mangle)]
            pub unsafe extern "C" fn $name(_ctx: *mut Ctx $(, $param: f64)*) -> f64 {
                $value
            }
        )*
    };
}

float_fn! {
    rt_float_rem(a, b) = a % b;
    rt_float_round(x) = x.round();
    rt_float_pow(a, b) = a.powf(b);
    rt_float_atan2(y, x) = y.atan2(x);
    rt_float_hypot(a, b) = a.hypot(b);
    rt_float_sin(x) = x.sin();
    rt_float_cos(x) = x.cos();
    rt_float_tan(x) = x.tan();
    rt_float_asin(x) = x.asin();
    rt_float_acos(x) = x.acos();
    rt_float_atan(x) = x.atan();
    rt_float_sinh(x) = x.sinh();
    rt_float_cosh(x) = x.cosh();
    rt_float_tanh(x) = x.tanh();
    rt_float_exp(x) = x.exp();
    rt_float_log(x) = x.ln();
    rt_float_log2(x) = x.log2();
    rt_float_log10(x) = x.log10();
    rt_float_cbrt(x) = x.cbrt();
}
