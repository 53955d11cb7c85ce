/** File name of a trained LoRA in the tuned model's folder. The file uses kohya's naming. */
export const LORA_FILE = 'lora.safetensors';
