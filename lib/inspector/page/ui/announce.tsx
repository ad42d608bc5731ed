import { useEffect, useState } from 'preact/hooks';

let tell: (message: string) => void = () => undefined;

/** Shows a short message, which screen readers speak. Only for what the user has done, or has to know. */
export function announce(message: string): void {
  tell(message);
}

export function Announcements() {
  const [message, setMessage] = useState('');
  useEffect(() => {
    tell = setMessage;
  }, []);
  useEffect(() => {
    const timer = setTimeout(() => setMessage(''), 4000);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <div class={message ? 'toast is-shown' : 'toast'} role="status" aria-live="polite">
      {message}
    </div>
  );
}
